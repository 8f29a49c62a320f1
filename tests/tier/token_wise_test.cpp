// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <gtest/gtest.h>

#include <kvfolio/tier/token_wise.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using tier::seconds;
using tier::swap_tokens;

// 16 parts of a skeleton: its input and attention's output are one each, 6.25 %.
constexpr tier::layer_activations skeleton{100, 100, 1400};
constexpr tier::byte_rate ten{10};
constexpr std::uint64_t plenty = 1'000'000'000;

TEST(token_wise, everything_leaves_while_a_long_layer_is_computed) {
  const auto all = swap_tokens(skeleton, ten, seconds{160}, plenty, 32);
  EXPECT_DOUBLE_EQ(all.share, 1);
  EXPECT_TRUE(all.hidden);
  EXPECT_TRUE(all.fits_host);
  EXPECT_DOUBLE_EQ(swap_tokens(skeleton, ten, seconds{1e6}, plenty, 32).share, 1) << "not more";
}

TEST(token_wise, the_time_of_a_layer_bounds_what_leaves) {
  const auto half = swap_tokens(skeleton, ten, seconds{90}, plenty, 32);
  EXPECT_DOUBLE_EQ(half.share, 0.5);
  EXPECT_EQ(half.swapped(1001), 500U) << "whole tokens";
  const auto least = swap_tokens(skeleton, ten, seconds{20}, plenty, 32);
  EXPECT_DOUBLE_EQ(least.share, 0);
  EXPECT_TRUE(least.hidden);
}

TEST(token_wise, host_memory_bounds_it_for_all_layers_but_two) {
  const auto quarter = swap_tokens(skeleton, ten, seconds{160}, 30 * (200 + 350), 32);
  EXPECT_DOUBLE_EQ(quarter.share, 0.25);
  EXPECT_DOUBLE_EQ(swap_tokens(skeleton, ten, seconds{90}, 30 * (200 + 350), 32).share, 0.25)
      << "the tighter bound";
  for (const auto layers : {0U, 1U, 2U}) {
    EXPECT_DOUBLE_EQ(swap_tokens(skeleton, ten, seconds{160}, 0, layers).share, 1)
        << "the last two stay where they are";
  }
}

TEST(token_wise, says_which_bound_is_broken_by_what_always_leaves) {
  const auto slow = swap_tokens(skeleton, ten, seconds{19}, plenty, 32);
  EXPECT_DOUBLE_EQ(slow.share, 0);
  EXPECT_FALSE(slow.hidden);
  EXPECT_TRUE(slow.fits_host);
  const auto full = swap_tokens(skeleton, ten, seconds{160}, 30 * 200 - 1, 32);
  EXPECT_DOUBLE_EQ(full.share, 0);
  EXPECT_TRUE(full.hidden);
  EXPECT_FALSE(full.fits_host);
}

TEST(token_wise, nothing_else_to_swap_is_swapped_whole) {
  EXPECT_DOUBLE_EQ(swap_tokens({100, 100, 0}, ten, seconds{20}, plenty, 32).share, 1);
  EXPECT_DOUBLE_EQ(swap_tokens({100, 100, 0}, ten, seconds{19}, plenty, 32).share, 0);
}

TEST(token_wise, no_share_that_is_larger_keeps_both_bounds) {
  for_each_seed([](std::mt19937& rng) {
    for (int i = 0; i < 1'000; ++i) {
      const tier::layer_activations layer{rng() % 1000, rng() % 1000, 1 + rng() % 10'000};
      const auto bandwidth = tier::byte_rate{static_cast<double>(1 + rng() % 100)};
      const seconds time{static_cast<double>(rng() % 200)};
      const auto layers = static_cast<std::uint32_t>(3 + rng() % 60);
      const std::uint64_t host = rng() % 1'000'000;
      const auto keeps = [&](double share) {
        const auto moved = static_cast<double>(layer.input + layer.attention) +
                           share * static_cast<double>(layer.others);
        return moved <= bandwidth.value() * time.value() + 1e-6 &&
               moved * (layers - 2) <= static_cast<double>(host) + 1e-6;
      };
      const auto found = swap_tokens(layer, bandwidth, time, host, layers);
      ASSERT_EQ(keeps(0), found.hidden && found.fits_host) << "at step " << i;
      if (!keeps(0)) continue;
      ASSERT_TRUE(keeps(found.share)) << "at step " << i;
      ASSERT_TRUE(found.share == 1 || !keeps(found.share + 1e-3)) << "at step " << i;
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
