// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/eviction/cost.hpp>

namespace kvfolio::test {
namespace {

TEST(cost, is_what_the_access_says) {
  const page_access access{.depth = 26, .tokens = 16, .recompute_cost = 0.5F};
  EXPECT_EQ(eviction::unit_cost{}(access), 1.0);
  EXPECT_EQ(eviction::depth_cost{}(access), 1.5);
  EXPECT_EQ(eviction::depth_cost{.pages = 13}(access), 3.0);
  EXPECT_EQ(eviction::token_cost{}(access), 16.0);
  EXPECT_EQ(eviction::recompute_cost{}(access), 0.5);
}

TEST(cost, is_never_nothing_where_tokens_are_not_told) {
  EXPECT_EQ(eviction::token_cost{}(page_access{}), 1.0);
}

struct may_throw {
  double operator()(const page_access& access) const { return access.depth; }
};
static_assert(!eviction::cost_function<may_throw>);

}  // namespace
}  // namespace kvfolio::test
