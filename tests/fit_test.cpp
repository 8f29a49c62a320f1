// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/fit.hpp>

namespace kvfolio::test {
namespace {

TEST(fit, fits_as_long_as_there_are_enough_pages) {
  EXPECT_TRUE((fit{0, 0, 0}.fits()));
  EXPECT_TRUE((fit{0, 3, 3}.fits()));
  EXPECT_TRUE((fit{9, 3, 4}.fits()));
  EXPECT_FALSE((fit{9, 4, 3}.fits()));
}

TEST(fit, is_equal_in_every_member_or_not_at_all) {
  const fit one{1, 2, 3};
  EXPECT_EQ(one, (fit{1, 2, 3}));
  EXPECT_NE(one, (fit{0, 2, 3}));
  EXPECT_NE(one, (fit{1, 0, 3}));
  EXPECT_NE(one, (fit{1, 2, 0}));
}

}  // namespace
}  // namespace kvfolio::test
