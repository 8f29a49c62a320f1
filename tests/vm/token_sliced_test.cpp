// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/vm/token_sliced.hpp>

#include "../conformance/tensor_layout_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(token_sliced, tensor_layout_conformance, vm::token_sliced);

TEST(token_sliced, has_fewer_tokens_in_a_chunk_by_the_number_of_layers) {
  const vm::token_sliced llama{model::grouped_query(32, 8, 128, dtype::f16), 2 * 1'024 * 1'024};
  EXPECT_EQ(llama.tensors(), 2U);
  EXPECT_EQ(llama.tokens_per_row(), 32U);
  EXPECT_EQ(llama.chunks(1), 1U);
  EXPECT_EQ(llama.place(vm::kv_part::values, 3), (vm::part_place{.tensor = 1,
                                                                 .offset = 3 * 2'048,
                                                                 .token_stride = 32 * 2'048,
                                                                 .block_stride = 0,
                                                                 .block_tokens = 0}));
}

TEST(token_sliced, takes_several_chunks_where_tokens_do_not_divide_one) {
  const vm::token_sliced yi{model::grouped_query(60, 8, 128, dtype::f16), 2 * 1'024 * 1'024};
  EXPECT_EQ(yi.tokens_per_row(), 256U);
  EXPECT_EQ(yi.chunks(0), 15U);
}

}  // namespace
}  // namespace kvfolio::test
