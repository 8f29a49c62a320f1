// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/tier/watermarks.hpp>

namespace kvfolio::test {
namespace {

const tier::watermarks marks{2, 10, 100};

TEST(watermarks, below_the_low_one_victims_leave_until_the_high_one) {
  EXPECT_EQ(marks.missing(5, 3), 0U) << "2 are left";
  EXPECT_EQ(marks.missing(5, 4), 9U) << "1 would be left, and 10 should";
  EXPECT_EQ(marks.missing(0, 1), 11U);
  EXPECT_EQ(marks.missing(3, 8), 15U);
}

TEST(watermarks, nobody_comes_who_would_take_the_pool_below_the_high_one) {
  EXPECT_TRUE(marks.admits(30, 20, false));
  EXPECT_FALSE(marks.admits(30, 21, false));
  EXPECT_TRUE(marks.admits(30, 30, true)) << "nobody is there to be in its way";
  EXPECT_FALSE(marks.admits(30, 31, true));
  EXPECT_FALSE(marks.admits(0, UINT64_MAX, false));
}

TEST(watermarks, of_zero_are_none) {
  const tier::watermarks none{0, 0, 100};
  EXPECT_EQ(none.missing(3, 3), 0U);
  EXPECT_EQ(none.missing(3, 5), 2U);
  EXPECT_TRUE(none.admits(3, 3, false));
}

TEST(watermarks, that_cannot_be_are_refused) {
  EXPECT_THROW((tier::watermarks{3, 2, 100}), std::invalid_argument);
  try {
    static_cast<void>(tier::watermarks{1, 101, 100});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find("1, 101, 100"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace kvfolio::test
