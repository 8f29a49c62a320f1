// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/random_steps.hpp"
#include <attention/online_softmax.hpp>
#include <attention/reference.hpp>

namespace attention {
namespace {

using kvfolio::test::for_each_seed;
using numbers = std::vector<float>;
using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;

TEST(online_softmax, equal_logits_average_the_values) {
  const numbers queries{0};
  online_softmax sum{queries, 1, 2, 1};
  const numbers keys{3, -7, 5, 1};
  const numbers values{1, 10, 2, 20, 3, 30, 6, 60};
  sum.add(keys.data(), values.data(), 4);
  numbers output(2);
  sum.finish(output.data());
  EXPECT_THAT(output, ElementsAre(3, 30));
}

TEST(online_softmax, without_tokens_the_result_is_zero) {
  const numbers queries{1, 2};
  const online_softmax sum{queries, 1, 3, 1};
  numbers output(6, -1);
  sum.finish(output.data());
  EXPECT_THAT(output, Each(0));
}

TEST(online_softmax, one_token_is_its_own_average_whatever_its_logit) {
  for (const auto key : {0.0F, 1.0F, -1e4F, 1e30F, -1e30F}) {
    const numbers queries{2};
    online_softmax sum{queries, 1, 2, 1};
    const numbers values{0.25F, -8};
    sum.add(&key, values.data(), 1);
    numbers output(2);
    sum.finish(output.data());
    EXPECT_THAT(output, ElementsAre(0.25F, -8)) << key;
  }
}

TEST(online_softmax, a_logit_that_towers_over_the_others_wins_and_does_not_overflow) {
  for (const std::size_t winner : {0U, 5U, 15U, 16U, 31U}) {
    const numbers queries{1};
    online_softmax sum{queries, 1, 1, 1};
    numbers keys(32, 1e30F);
    numbers values(32);
    keys[winner] = 3e30F;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    sum.add(&keys[0], &values[0], 16);
    sum.add(&keys[16], &values[16], 16);
    float output = -1;
    sum.finish(&output);
    EXPECT_EQ(output, static_cast<float>(winner));
  }
}

TEST(online_softmax, rising_logits_scale_down_what_was_summed_before) {
  const numbers queries{1};
  online_softmax sum{queries, 1, 1, 1};
  double total = 0;
  double weighted = 0;
  for (int i = 0; i < 200; ++i) {
    const auto key = static_cast<float>(i);
    const auto value = static_cast<float>(i % 7);
    sum.add(&key, &value, 1);
    total += std::exp(i - 199.0);
    weighted += std::exp(i - 199.0) * (i % 7);
  }
  float output = 0;
  sum.finish(&output);
  EXPECT_THAT(output, FloatNear(static_cast<float>(weighted / total), 1e-5F));
}

TEST(online_softmax, what_is_not_a_number_is_not_hidden) {
  const numbers queries{1};
  online_softmax sum{queries, 1, 1, 1};
  const numbers keys{1, std::numeric_limits<float>::quiet_NaN(), 2};
  const numbers values{1, 1, 1};
  sum.add(keys.data(), values.data(), 3);
  float output = 0;
  sum.finish(&output);
  EXPECT_TRUE(std::isnan(output));
}

// Dimensions that are no multiple of a vector, and calls of every size.
TEST(online_softmax, agrees_with_double_precision_however_the_tokens_are_dealt_out) {
  for_each_seed([](std::mt19937& rng) {
    std::normal_distribution<float> normal;
    for (const std::uint32_t dim : {1U, 7U, 8U, 20U, 64U}) {
      history past;
      numbers queries(std::size_t{3} * dim);
      for (auto& each : queries) each = normal(rng);
      online_softmax sum{queries, dim, dim, 1 / std::sqrt(static_cast<float>(dim))};
      for (int call = 0; call < 40; ++call) {
        const auto tokens = 1 + rng() % online_softmax::most_tokens;
        numbers keys(tokens * dim);
        numbers values(tokens * dim);
        for (auto& each : keys) each = normal(rng);
        for (auto& each : values) each = normal(rng);
        sum.add(keys.data(), values.data(), tokens);
        past.keys.insert(past.keys.end(), keys.begin(), keys.end());
        past.values.insert(past.values.end(), values.begin(), values.end());
      }
      numbers output(queries.size());
      sum.finish(output.data());
      const auto shape = kvfolio::model::grouped_query(1, 1, dim, kvfolio::dtype::f32);
      EXPECT_LE(compare(output, reference(past, shape, 0, 3, queries)).relative_rms, 1e-6) << dim;
    }
  });
}

}  // namespace
}  // namespace attention
