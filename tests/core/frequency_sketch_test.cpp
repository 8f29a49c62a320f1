// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include <kvfolio/core/frequency_sketch.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

TEST(frequency_sketch, counts_one_key_exactly_up_to_fifteen) {
  for (const std::size_t keys : {0U, 1U, 9U, 1'000U}) {
    frequency_sketch sketch{keys};
    for (std::uint32_t times = 0; times < 20; ++times) {
      EXPECT_EQ(sketch.count(content_key{7}), std::min(times, frequency_sketch::most));
      sketch.add(content_key{7});
    }
  }
}

TEST(frequency_sketch, halving_rounds_each_count_down) {
  frequency_sketch sketch{100};
  for (std::uint64_t key = 0; key < 16; ++key) {
    for (std::uint64_t times = 0; times < key; ++times) sketch.add(content_key{key << 32U});
  }
  sketch.halve();
  for (std::uint64_t key = 0; key < 16; ++key) {
    EXPECT_EQ(sketch.count(content_key{key << 32U}), key / 2);
  }
}

TEST(frequency_sketch, never_counts_too_little_and_seldom_too_much) {
  for_each_seed([](std::mt19937& rng) {
    static constexpr std::uint32_t keys = 1'000;
    frequency_sketch sketch{keys};
    std::map<std::uint32_t, std::uint32_t> added;
    for (std::uint32_t i = 0; i < 3 * keys; ++i) {
      const auto key = static_cast<std::uint32_t>(rng() % keys);
      sketch.add(content_key{key});
      ++added[key];
    }
    std::uint32_t wrong = 0;
    for (const auto& [key, times] : added) {
      const auto count = sketch.count(content_key{key});
      ASSERT_GE(count, std::min(times, frequency_sketch::most));
      wrong += count != times ? 1 : 0;
    }
    EXPECT_LT(wrong, keys / 50);
  });
}

}  // namespace
}  // namespace kvfolio::test
