// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/core/copy_op.hpp>

namespace kvfolio::test {
namespace {

TEST(copy_op, is_equal_in_every_member_or_not_at_all) {
  const copy_op op{page_id{1}, page_id{2}, 3, 4};
  EXPECT_EQ(op, (copy_op{page_id{1}, page_id{2}, 3, 4}));
  EXPECT_NE(op, (copy_op{page_id{0}, page_id{2}, 3, 4}));
  EXPECT_NE(op, (copy_op{page_id{1}, page_id{0}, 3, 4}));
  EXPECT_NE(op, (copy_op{page_id{1}, page_id{2}, 0, 4}));
  EXPECT_NE(op, (copy_op{page_id{1}, page_id{2}, 3, 0}));
}

}  // namespace
}  // namespace kvfolio::test
