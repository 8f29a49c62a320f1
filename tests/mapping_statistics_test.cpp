// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/mapping_statistics.hpp>

namespace kvfolio::test {
namespace {

TEST(mapping_statistics, are_equal_if_every_count_is) {
  const mapping_statistics one{.shown_places = 4, .shown_pages = 3};
  auto other = one;
  EXPECT_EQ(one, other);
  other.unmaps = 1;
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace kvfolio::test
