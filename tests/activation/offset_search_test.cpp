// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/activation/offset_search.hpp>

namespace kvfolio::test {
namespace {

using activation::offset_plan;
using activation::offset_search;

const std::vector<activation::tensor_life> lives{{10, 0, 9}, {30, 0, 1}, {10, 0, 9}, {40, 5, 6}};
const offset_plan poor{{0, 10, 40, 50}, 90};

TEST(offset_search, finds_a_better_plan_and_proves_it) {
  const auto plan = offset_search{lives, poor, 1000}.run();
  EXPECT_EQ(plan.bytes, 60U);
  EXPECT_TRUE(plan.optimal);
  EXPECT_TRUE(is_sound(lives, plan));
}

TEST(offset_search, stops_when_it_may_try_no_more) {
  const auto untried = offset_search{lives, poor, 0}.run();
  EXPECT_EQ(untried.bytes, 90U);
  EXPECT_FALSE(untried.optimal);
  const auto hasty = offset_search{lives, poor, 2}.run();
  EXPECT_EQ(hasty.offsets, poor.offsets) << "no plan is whole after one placement";
  EXPECT_FALSE(hasty.optimal);
}

TEST(offset_search, leaves_an_optimal_plan_as_it_is) {
  const offset_plan good{{0, 10, 50, 10}, 60, true};
  EXPECT_EQ(offset_search(lives, good, 1000).run().offsets, good.offsets);
}

}  // namespace
}  // namespace kvfolio::test
