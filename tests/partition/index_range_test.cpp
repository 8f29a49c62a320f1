// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/index_range.hpp>

namespace kvfolio::test {
namespace {

using partition::index_range;

TEST(index_range, contains_its_indices_and_no_others) {
  constexpr index_range range{3, 2};
  EXPECT_EQ(range.end(), 5U);
  EXPECT_FALSE(range.contains(2));
  EXPECT_TRUE(range.contains(3));
  EXPECT_TRUE(range.contains(4));
  EXPECT_FALSE(range.contains(5));
  EXPECT_FALSE((index_range{3, 0}.contains(3)));
}

TEST(index_range, sizes_become_ranges_one_after_the_other) {
  EXPECT_EQ(partition::consecutive(std::vector{2U, 0U, 3U}),
            (std::vector<index_range>{{0, 2}, {2, 0}, {2, 3}}));
}

TEST(index_range, the_largest_divisor_is_what_would_work) {
  EXPECT_EQ(partition::largest_divisor(32, 3), 2U);
  EXPECT_EQ(partition::largest_divisor(28, 28), 28U);
  EXPECT_EQ(partition::largest_divisor(7, 6), 1U);
}

}  // namespace
}  // namespace kvfolio::test
