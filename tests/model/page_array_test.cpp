// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/model/page_array.hpp>

namespace kvfolio::test {
namespace {

constexpr model::page_layout layout{model::grouped_query(2, 2, 4, dtype::f16), 8};

TEST(page_array, pages_lie_one_after_the_other) {
  std::vector<std::byte> memory(3 * layout.bytes());
  const model::page_array pages{memory, layout};
  EXPECT_EQ(pages[page_id{0}].data(), memory.data());
  EXPECT_EQ(pages[page_id{2}].data(), memory.data() + 2 * layout.bytes());
  EXPECT_EQ(pages[page_id{2}].size(), layout.bytes());
  EXPECT_EQ(pages.layout(), layout);
}

TEST(page_array, copies_the_tokens_of_every_layer_and_head_and_nothing_else) {
  std::vector<std::byte> memory(3 * layout.bytes(), std::byte{1});
  const model::page_array pages{memory, layout};
  std::ranges::fill(pages[page_id{2}], std::byte{2});
  pages.copy({page_id{2}, page_id{1}, 3, 4});
  for (std::uint32_t layer = 0; layer < 2; ++layer) {
    for (std::uint32_t head = 0; head < 2; ++head) {
      for (std::uint32_t token = 0; token < 8; ++token) {
        const auto expected = token >= 3 && token < 7 ? std::byte{2} : std::byte{1};
        for (std::size_t byte = 0; byte < 8; ++byte) {
          EXPECT_EQ(pages[page_id{1}][layout.key(layer, head, token) + byte], expected);
          EXPECT_EQ(pages[page_id{1}][layout.value(layer, head, token) + byte], expected);
        }
      }
    }
  }
  EXPECT_TRUE(std::ranges::all_of(pages[page_id{0}], [](auto b) { return b == std::byte{1}; }));
  EXPECT_TRUE(std::ranges::all_of(pages[page_id{2}], [](auto b) { return b == std::byte{2}; }));
}

TEST(page_array, pages_that_are_larger_than_what_they_hold_lie_further_apart) {
  const auto stride = layout.bytes() + 24;
  std::vector<std::byte> memory(2 * stride, std::byte{1});
  const model::page_array pages{memory, layout, stride};
  EXPECT_EQ(pages[page_id{1}].data(), memory.data() + stride);
  EXPECT_EQ(pages[page_id{1}].size(), layout.bytes());
  std::ranges::fill(pages[page_id{1}], std::byte{2});
  pages.copy({page_id{1}, page_id{0}, 0, 8});
  EXPECT_EQ(memory[layout.bytes() - 1], std::byte{2});
  EXPECT_EQ(memory[layout.bytes()], std::byte{1}) << "padding is not copied";
}

#ifndef NDEBUG
TEST(page_array_death, pages_that_are_not_there_are_a_contract_violation) {
  std::vector<std::byte> memory(layout.bytes());
  const model::page_array pages{memory, layout};
  EXPECT_DEATH(static_cast<void>(pages[page_id{1}]), "to_index");
  EXPECT_DEATH(pages.copy({page_id{0}, page_id{0}, 0, 1}), "source != op.destination");
  EXPECT_DEATH((model::page_array{memory, layout, 1}), "stride");
}
#endif

}  // namespace
}  // namespace kvfolio::test
