// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <gtest/gtest.h>

#include <kvfolio/tier/explanation.hpp>

#include "../support/departures.hpp"
#include "../support/random_steps.hpp"
#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

using tier::way_back;

// Where computing the first `l` tokens takes as long as loading the others, between two tokens.
double balance(const tier::cost_model& costs, const departure& leaving, std::uint64_t split) {
  const auto ahead = [&](std::uint64_t l) {
    return (costs.recompute(leaving, l) - costs.load(leaving, l)).value();
  };
  EXPECT_LE(ahead(split), 0);
  EXPECT_GE(ahead(split + 1), 0);
  return static_cast<double>(split) + ahead(split) / (ahead(split) - ahead(split + 1));
}

TEST(explanation, split_points_of_llama_3_8b_are_known) {
  const auto costs = costs_of("llama-3-8b");
  const auto longer = leaving_of("llama-3-8b", 8192);
  const auto why = explain(costs, longer);
  EXPECT_EQ(why.best, way_back::split);
  EXPECT_NEAR(balance(costs, longer, 449), 450, 0.5);
  EXPECT_NEAR(static_cast<double>(why.split_tokens), 450, 1);
  EXPECT_NEAR(why.split.value() * 1e3, 40.6, 0.05);
  EXPECT_NEAR(why.swap.value() * 1e3, 42.9, 0.05);

  const auto shorter = leaving_of("llama-3-8b", 2048);
  EXPECT_NEAR(balance(costs, shorter, 113), 113, 0.5);
  EXPECT_EQ(explain(costs, shorter).split_tokens, 113U);
}

TEST(explanation, the_split_is_the_best_of_all) {
  for_each_seed([](std::mt19937& rng) {
    for (int i = 0; i < 200; ++i) {
      const auto upto = [&rng](std::uint32_t most) { return std::uint32_t(rng() % most); };
      const auto leaving = any_departure(rng, 5'000);
      auto costs = costs_of("llama-3-8b", {312, 0.1 * (1 + upto(500))});
      costs.overlap = 0.25 * upto(5);
      costs.in.each_copy = tier::seconds{1e-6 * upto(20)};
      costs.computing.each_pass = tier::seconds{1e-3 * upto(20)};
      costs.computing.memory = tier::gigabytes_per_second(1 + upto(2000));
      std::uint64_t tokens = 0;
      for (auto left = upto(8); left > 0; --left) {  // in pieces that need not be convex
        tokens += 1 + upto(900);
        costs.computing.measured.push_back({tokens, tier::seconds{1e-3 * (1 + upto(500))}});
      }
      const auto why = explain(costs, leaving);
      auto least = costs.total(leaving, leaving.pages());
      for (auto page = leaving.pages_too_many(); page < leaving.pages(); ++page) {
        least = std::min(least, costs.total(leaving, page));
      }
      ASSERT_DOUBLE_EQ(why.least().value(), least.value()) << "at step " << i;
    }
  });
}

TEST(explanation, what_has_no_room_is_not_considered) {
  const auto costs = costs_of("llama-3-8b");
  auto leaving = leaving_of("llama-3-8b", 8192, 16);
  const auto roomy = explain(costs, leaving);
  leaving.free_bytes = 100 * leaving.page_bytes;
  const auto tight = explain(costs, leaving);
  EXPECT_EQ(tight.swap, tier::explanation::impossible);
  EXPECT_EQ(tight.best, way_back::split);
  EXPECT_EQ(tight.split_tokens, 8192U - 1600U) << "as few as there is no room for";
  EXPECT_GT(tight.split, roomy.split);
  leaving.free_bytes = 0;
  const auto none = explain(costs, leaving);
  EXPECT_EQ(none.split, tier::explanation::impossible);
  EXPECT_EQ(none.best, way_back::recompute);
  EXPECT_EQ(none.tokens_to_recompute(), 8192U);
}

TEST(explanation, one_page_is_swapped_or_computed) {
  const auto why = explain(costs_of("llama-3-8b"), leaving_of("llama-3-8b", 16, 16));
  EXPECT_EQ(why.best, way_back::swap);
  EXPECT_EQ(why.split, tier::explanation::impossible);
  EXPECT_EQ(why.least(), why.swap);
}

}  // namespace
}  // namespace kvfolio::test
