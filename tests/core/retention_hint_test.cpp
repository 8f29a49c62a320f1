// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/core/retention_hint.hpp>

namespace kvfolio::test {
namespace {

TEST(retention_hint, wishes_nothing_unless_told) {
  const retention_hint hint;
  EXPECT_EQ(hint.keep_until, 0U);
  EXPECT_EQ(hint.priority, 50) << "in the middle, so that both more and less can be said";
  EXPECT_EQ(hint.next_turn, continuation::unknown);
}

}  // namespace
}  // namespace kvfolio::test
