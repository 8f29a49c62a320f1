// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/activation/best_fit.hpp>

#include "../support/random_lives.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using activation::tensor_life;
using testing::ElementsAre;

TEST(best_fit, takes_the_smallest_gap_that_suffices) {
  // Three that stay leave gaps of 30 and 20 where two were; the last fits both.
  const std::vector<tensor_life> lives{{10, 0, 9}, {30, 0, 1}, {10, 0, 9},
                                       {20, 0, 1}, {10, 0, 9}, {15, 5, 6}};
  const std::vector<std::size_t> order{0, 1, 2, 3, 4, 5};
  const auto plan = activation::best_fit(lives, order);
  EXPECT_THAT(plan.offsets, ElementsAre(0, 10, 40, 50, 70, 50));
  EXPECT_EQ(plan.bytes, 80U);
  EXPECT_TRUE(plan.optimal);
}

TEST(best_fit, places_behind_all_what_fits_no_gap) {
  const std::vector<tensor_life> lives{{10, 0, 9}, {30, 0, 1}, {10, 0, 9}, {40, 5, 6}};
  const std::vector<std::size_t> order{0, 1, 2, 3};
  const auto plan = activation::best_fit(lives, order);
  EXPECT_THAT(plan.offsets, ElementsAre(0, 10, 40, 50));
  EXPECT_FALSE(plan.optimal) << "60 are alive at most";
}

TEST(best_fit, by_size_shares_between_what_never_meets) {
  const std::vector<tensor_life> lives{{32, 0, 1}, {28, 1, 2}, {36, 2, 3}, {16, 3, 4}, {8, 4, 5}};
  const auto plan = activation::best_fit_by_size(lives);
  EXPECT_THAT(plan.offsets, ElementsAre(0, 36, 0, 36, 0));
  EXPECT_EQ(plan.bytes, 64U);
  EXPECT_TRUE(plan.optimal);
}

TEST(best_fit, is_sound_and_no_smaller_than_can_be) {
  for_each_seed([](std::mt19937& rng) {
    for (int i = 0; i < 100; ++i) {
      const auto lives = random_lives(rng, 40, 30, 1000);
      for (const auto& plan :
           {activation::best_fit_by_size(lives), activation::best_fit_by_breadth(lives)}) {
        ASSERT_TRUE(is_sound(lives, plan)) << "at step " << i;
        ASSERT_GE(plan.bytes, activation::most_alive(lives)) << "at step " << i;
      }
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
