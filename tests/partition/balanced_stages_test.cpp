// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/balanced_stages.hpp>

namespace kvfolio::test {
namespace {

using partition::stages;
using partition::rule::deepspeed_balanced;
using weights = std::vector<double>;

TEST(balanced_stages, deepspeed_makes_the_difference_small_and_not_the_bottleneck) {
  EXPECT_EQ(deepspeed_balanced(weights{1, 1, 1, 1}, 2), (stages{2, 2}));
  EXPECT_EQ(deepspeed_balanced(weights{1, 2, 3, 4, 5, 6}, 3), (stages{3, 2, 1}));
  EXPECT_EQ(deepspeed_balanced(weights{5, 1, 1, 1, 1, 1, 5}, 3), (stages{1, 5, 1}));
}

TEST(balanced_stages, of_equal_differences_it_takes_the_latest_cut) {
  EXPECT_EQ(deepspeed_balanced(weights{1, 1, 1}, 2), (stages{2, 1}));
  EXPECT_EQ(deepspeed_balanced(weights{1, 1, 1, 1, 1}, 3), (stages{2, 2, 1}));
}

TEST(balanced_stages, as_many_stages_as_layers_are_uniform_and_more_are_refused) {
  EXPECT_EQ(deepspeed_balanced(weights{9, 1}, 2), (stages{1, 1}));
  EXPECT_THROW(static_cast<void>(deepspeed_balanced(weights{9, 1}, 3)), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(deepspeed_balanced(weights{9, 1}, 0)), partition::bad_partition);
}

}  // namespace
}  // namespace kvfolio::test
