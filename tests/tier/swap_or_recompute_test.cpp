// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/tier/swap_or_recompute.hpp>

#include "../conformance/tier_policy_conformance.hpp"
#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

struct maker {
  static tier::swap_or_recompute make() { return tier::swap_or_recompute{costs_of("llama-3-8b")}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(swap_or_recompute, tier_policy_conformance, maker);

TEST(swap_or_recompute, takes_what_costs_less_on_either_side_of_the_break_even) {
  const auto leaving = leaving_of("llama-3-8b", 512, 16);
  const auto edge = break_even(costs_of("llama-3-8b"), leaving).value() / 1e9;
  const tier::swap_or_recompute faster{costs_of("llama-3-8b", {312, edge * 1.01})};
  EXPECT_EQ(faster.tokens_to_recompute(leaving), 0U);
  const tier::swap_or_recompute slower{costs_of("llama-3-8b", {312, edge * 0.99})};
  EXPECT_EQ(slower.tokens_to_recompute(leaving), 512U);
}

// Redis at 0.5 GB/s is below what an A100 computes, and above what an RTX 3060 does.
TEST(swap_or_recompute, a_slow_store_serves_a_slow_card) {
  const auto leaving = leaving_of("llama-3-8b", 4096, 16);
  const tier::swap_or_recompute fast{costs_of("llama-3-8b", {312, 0.5})};
  EXPECT_EQ(fast.tokens_to_recompute(leaving), 4096U);
  const tier::swap_or_recompute slow{costs_of("llama-3-8b", {25.5, 0.5})};
  EXPECT_EQ(slow.tokens_to_recompute(leaving), 0U);
}

TEST(swap_or_recompute, keeps_nothing_where_not_all_fits) {
  auto leaving = leaving_of("llama-3-8b", 512, 16);
  leaving.free_bytes = leaving.bytes_behind(0) - 1;
  EXPECT_EQ(maker::make().tokens_to_recompute(leaving), 512U);
}

TEST(swap_or_recompute, refuses_costs_that_cannot_be) {
  EXPECT_THROW(tier::swap_or_recompute{tier::cost_model{}}, std::invalid_argument);
  EXPECT_EQ(maker::make().costs().overlap, 1);
}

}  // namespace
}  // namespace kvfolio::test
