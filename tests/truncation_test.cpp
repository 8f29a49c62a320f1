// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/truncation.hpp>

namespace kvfolio::test {
namespace {

TEST(truncation, is_equal_in_every_member_or_not_at_all) {
  const truncation one{1, 2, 3};
  EXPECT_EQ(one, (truncation{1, 2, 3}));
  EXPECT_NE(one, (truncation{0, 2, 3}));
  EXPECT_NE(one, (truncation{1, 0, 3}));
  EXPECT_NE(one, (truncation{1, 2, 0}));
  EXPECT_EQ(truncation{}, (truncation{0, 0, 0}));
}

}  // namespace
}  // namespace kvfolio::test
