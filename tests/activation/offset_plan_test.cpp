// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/activation/offset_plan.hpp>

namespace kvfolio::test {
namespace {

using activation::is_sound;

TEST(offset_plan, is_sound_if_nobody_is_in_the_way_of_another) {
  const std::vector<activation::tensor_life> lives{{10, 0, 1}, {20, 1, 2}, {10, 2, 3}};
  EXPECT_TRUE(is_sound(lives, {{0, 10, 0}, 30}));
  EXPECT_FALSE(is_sound(lives, {{0, 9, 0}, 30})) << "they share a byte at step 1";
  EXPECT_FALSE(is_sound(lives, {{20, 0, 19}, 30})) << "and here at step 2";
  EXPECT_FALSE(is_sound(lives, {{0, 10, 0}, 29})) << "it ends behind the arena";
  EXPECT_FALSE(is_sound(lives, {{0, 10}, 30})) << "one has no place";
  EXPECT_TRUE(is_sound({}, {}));
}

}  // namespace
}  // namespace kvfolio::test
