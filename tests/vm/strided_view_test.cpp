// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include <gtest/gtest.h>

#include <kvfolio/vm/strided_view.hpp>

namespace kvfolio::test {
namespace {

TEST(strided_view, finds_elements_by_strides) {
  std::array<int, 24> numbers{};
  std::iota(numbers.begin(), numbers.end(), 0);
  // [tokens, heads, elements] with a gap after each token.
  const vm::strided_view<const int, 3> view{numbers.data(), {3, 2, 3}, {8, 3, 1}};
  EXPECT_EQ(view.rank(), 3U);
  for (std::size_t token = 0; token < 3; ++token) {
    for (std::size_t head = 0; head < 2; ++head) {
      for (std::size_t element = 0; element < 3; ++element) {
        EXPECT_EQ(view(token, head, element), token * 8 + head * 3 + element);
      }
    }
  }
  EXPECT_EQ(&view(0, 0, 0), view.data());
}

TEST(strided_view, writes_through_to_what_it_views) {
  std::array<int, 4> numbers{};
  const vm::strided_view<int, 2> transposed{numbers.data(), {2, 2}, {1, 2}};
  transposed(0, 1) = 7;
  EXPECT_EQ(numbers[2], 7);
}

TEST(strided_view, shows_bytes_as_elements) {
  alignas(std::uint32_t) std::array<std::byte, 48> bytes{};
  const vm::strided_view<std::byte, 2> raw{bytes.data(), {3, 8}, {16, 1}};
  const auto words = vm::view_as<std::uint32_t>(raw);
  EXPECT_EQ(words.extents(), (std::array<std::size_t, 2>{3, 2}));
  EXPECT_EQ(words.strides(), (std::array<std::size_t, 2>{4, 1}));
  words(2, 1) = 0x01010101;
  EXPECT_EQ(bytes[36], std::byte{1});
}

TEST(strided_view, of_nothing_has_no_elements) {
  const vm::strided_view<std::byte, 3> none;
  EXPECT_EQ(none.data(), nullptr);
  EXPECT_EQ(none.extents(), (std::array<std::size_t, 3>{}));
}

#ifndef NDEBUG
TEST(strided_view_death, an_index_outside_is_a_bug) {
  std::array<int, 4> numbers{};
  const vm::strided_view<int, 2> view{numbers.data(), {2, 2}, {2, 1}};
  EXPECT_DEATH(static_cast<void>(view(2, 0)), "extents");
}

TEST(strided_view_death, elements_are_not_cut) {
  std::array<std::byte, 12> bytes{};
  const vm::strided_view<std::byte, 1> view{bytes.data(), {6}, {1}};
  EXPECT_DEATH(static_cast<void>(vm::view_as<std::uint32_t>(view)), "sizeof");
}
#endif

}  // namespace
}  // namespace kvfolio::test
