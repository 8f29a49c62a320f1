// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/activation/tensor_life.hpp>

#include "../support/random_lives.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using activation::most_alive;
using activation::tensor_life;

TEST(tensor_life, meets_what_is_there_at_one_of_its_steps) {
  const tensor_life life{8, 3, 5};
  EXPECT_TRUE(life.meets({1, 5, 9})) << "it is read while the other is written";
  EXPECT_TRUE(life.meets({1, 0, 3}));
  EXPECT_TRUE(life.meets({1, 4, 4}));
  EXPECT_FALSE(life.meets({1, 6, 9}));
  EXPECT_FALSE(life.meets({1, 0, 2}));
}

TEST(tensor_life, most_alive_is_the_crowd_at_the_most_crowded_step) {
  EXPECT_EQ(most_alive({}), 0U);
  const std::vector<tensor_life> chain{{10, 0, 1}, {20, 1, 2}, {30, 2, 3}, {5, 0, 3}};
  EXPECT_EQ(most_alive(chain), 55U);
  for_each_seed([](std::mt19937& rng) {
    for (int i = 0; i < 100; ++i) {
      const auto lives = random_lives(rng, 20, 15, 100);
      std::uint64_t most = 0;
      for (std::uint32_t step = 0; step < 15; ++step) {
        std::uint64_t alive = 0;
        for (const auto& life : lives) {
          if (life.first <= step && step <= life.last) alive += life.bytes;
        }
        most = std::max(most, alive);
      }
      ASSERT_EQ(most_alive(lives), most) << "at step " << i;
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
