// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/page_major.hpp>

#include "../conformance/tensor_layout_conformance.hpp"

namespace kvfolio::test {
namespace {

using policies = testing::Types<vm::page_major<>, vm::page_major<12>>;
INSTANTIATE_TYPED_TEST_SUITE_P(page_major, tensor_layout_conformance, policies);

TEST(page_major, keeps_a_block_of_all_layers_together) {
  const vm::page_major<16> llama{model::grouped_query(32, 8, 128, dtype::f16), 2 * 1'024 * 1'024};
  EXPECT_EQ(llama.tensors(), 1U);
  EXPECT_EQ(llama.tokens_per_row(), 16U);
  EXPECT_EQ(llama.chunks(0), 1U);
  EXPECT_EQ(llama.place(vm::kv_part::values, 3), (vm::part_place{.tensor = 0,
                                                                 .offset = (3 * 2 + 1) * 16 * 2'048,
                                                                 .token_stride = 2'048,
                                                                 .block_stride = 2 * 1'024 * 1'024,
                                                                 .block_tokens = 16}));
}

TEST(page_major, shows_whole_blocks) {
  const vm::page_major<16> layout{model::grouped_query(2, 1, 8, dtype::f16), 4'096};
  const auto view = vm::view_of(layout, nullptr, vm::kv_part::keys, 0, 33);
  EXPECT_EQ(view.extents(), (std::array<std::size_t, 4>{3, 16, 1, 16}));
}

TEST(page_major, moves_whole_blocks_at_once) {
  const vm::page_major<16> layout{model::grouped_query(1, 1, 8, dtype::f16), 4'096};
  std::vector<std::tuple<std::size_t, std::size_t>> pieces;
  layout.for_each_piece(14, 40, [&](std::uint32_t, std::size_t offset, std::size_t bytes) {
    pieces.emplace_back(offset, bytes);
  });
  const std::vector<std::tuple<std::size_t, std::size_t>> expected{
      {14 * 16, 2 * 16},
      {256 + 14 * 16, 2 * 16},  // the end of block 0: keys, values
      {512, 2 * 512},           // blocks 1 and 2
      {3 * 512, 6 * 16},
      {3 * 512 + 256, 6 * 16}};  // the start of block 3
  EXPECT_EQ(pieces, expected);
}

}  // namespace
}  // namespace kvfolio::test
