// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/vm/part_tensors.hpp>

namespace kvfolio::test {
namespace {

using apart = vm::part_tensors<vm::layer_grouping::apart>;
using together = vm::part_tensors<vm::layer_grouping::together>;

// What both promise is in the conformance of per_layer and token_sliced.
TEST(part_tensors, are_the_same_for_one_layer) {
  const auto shape = model::grouped_query(1, 2, 32, dtype::f16);
  const apart by_layer{shape, 4'096};
  const together in_all{shape, 4'096};
  EXPECT_EQ(by_layer.tensors(), in_all.tensors());
  EXPECT_EQ(by_layer.tokens_per_row(), in_all.tokens_per_row());
  EXPECT_EQ(by_layer.place(vm::kv_part::values, 0), in_all.place(vm::kv_part::values, 0));
}

TEST(part_tensors, are_constants_where_the_shape_is) {
  constexpr apart layout{model::latent(4, 512, 64, dtype::f16), 64 * 1'024};
  static_assert(layout.tensors() == 4 && layout.tokens_per_row() == 512 && layout.chunks(0) == 9);
  static_assert(std::is_trivially_copyable_v<apart>);
}

#ifndef NDEBUG
TEST(part_tensors_death, a_latent_has_no_values) {
  const apart layout{model::latent(4, 512, 64, dtype::f16), 64 * 1'024};
  EXPECT_DEATH(static_cast<void>(layout.place(vm::kv_part::values, 0)), "part_bytes");
}
#endif

}  // namespace
}  // namespace kvfolio::test
