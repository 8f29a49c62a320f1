// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <random>

#include <gtest/gtest.h>

#include <kvfolio/tier/activation_split.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using tier::offloaded_layer;

const tier::link pcie{tier::gigabytes_per_second(32)};
const auto a100 = tier::teraflops(312);

// A batch of 32 sequences of 1,024 tokens, multi-head, 4,096 elements: published values.
TEST(activation_split, known_split_of_multi_head_attention) {
  const offloaded_layer layer{32, 1024, 4096, 4096};
  const auto [tokens, time] = split_layer(layer, pcie, a100);
  EXPECT_EQ(tokens, 721U);
  EXPECT_NEAR(time.value() * 1e3, 10.871, 5e-4);
  EXPECT_NEAR(layer.total(pcie, a100, 0).value() * 1e3, 16.777, 5e-4);
  EXPECT_NEAR(layer.total(pcie, a100, 1024).value() * 1e3, 15.437, 5e-4);
}

TEST(activation_split, hidden_states_larger_than_keys_and_values_do_not_pay) {
  offloaded_layer layer{32, 1024, 4096, 1024};  // Llama 3 8B
  EXPECT_EQ(split_layer(layer, pcie, a100).tokens, 0U);
  layer.hidden_states_here = true;
  EXPECT_EQ(split_layer(layer, pcie, a100).tokens, 721U) << "but if they need not be moved";
  layer.hidden_states_here = false;
  layer.kv_width = 2047;  // half as large, and a little less
  EXPECT_EQ(split_layer(layer, pcie, a100).tokens, 0U);
  layer.kv_width = 2049;
  EXPECT_GT(split_layer(layer, pcie, a100).tokens, 0U);
}

TEST(activation_split, is_the_best_of_all) {
  for_each_seed([](std::mt19937& rng) {
    for (int i = 0; i < 300; ++i) {
      const offloaded_layer layer{1 + rng() % 8,         rng() % 300,   64 * (1 + rng() % 64),
                                  64 * (1 + rng() % 64), 1 + rng() % 4, rng() % 2 == 0};
      const tier::link in{tier::gigabytes_per_second(static_cast<double>(1 + rng() % 100))};
      const auto rate = tier::teraflops(static_cast<double>(1 + rng() % 300));
      const auto found = split_layer(layer, in, rate);
      auto least = layer.total(in, rate, 0);
      for (std::uint64_t split = 1; split <= layer.tokens; ++split) {
        least = std::min(least, layer.total(in, rate, split));
      }
      ASSERT_DOUBLE_EQ(found.time.value(), least.value()) << "at step " << i;
      ASSERT_EQ(layer.total(in, rate, found.tokens), found.time) << "at step " << i;
    }
  });
}

TEST(activation_split, of_nothing_is_nothing) {
  const auto [tokens, time] = split_layer({}, pcie, a100);
  EXPECT_EQ(tokens, 0U);
  EXPECT_EQ(time, tier::seconds{});
}

}  // namespace
}  // namespace kvfolio::test
