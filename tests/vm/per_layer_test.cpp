// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/vm/per_layer.hpp>

#include "../conformance/tensor_layout_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(per_layer, tensor_layout_conformance, vm::per_layer);

TEST(per_layer, has_a_chunk_for_keys_and_one_for_values_in_every_layer) {
  const vm::per_layer llama{model::grouped_query(32, 8, 128, dtype::f16), 64 * 1'024};
  EXPECT_EQ(llama.tensors(), 64U);
  EXPECT_EQ(llama.tokens_per_row(), 32U);
  EXPECT_EQ(llama.chunks(0), 1U);
  EXPECT_EQ(llama.chunks(63), 1U);
  EXPECT_EQ(
      llama.place(vm::kv_part::values, 31),
      (vm::part_place{
          .tensor = 63, .offset = 0, .token_stride = 2'048, .block_stride = 0, .block_tokens = 0}));
  EXPECT_EQ(vm::per_layer(llama.shape(), 2 * 1'024 * 1'024).tokens_per_row(), 1'024U);
}

TEST(per_layer, has_tokens_for_whole_chunks_of_parts_of_unequal_size) {
  const auto shape = model::with_scales(model::grouped_query(2, 8, 128, dtype::f8), 8);
  const vm::per_layer layout{shape, 4'096};
  EXPECT_EQ(layout.tensors(), 6U);
  EXPECT_EQ(layout.tokens_per_row(), 64U) << "scales have 64 bytes a token";
  EXPECT_EQ(layout.chunks(0), 16U);
  EXPECT_EQ(layout.chunks(2), 1U);
}

}  // namespace
}  // namespace kvfolio::test
