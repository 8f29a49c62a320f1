// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/tier/automatic.hpp>

#include "../conformance/tier_policy_conformance.hpp"
#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

struct maker {
  static tier::automatic make() { return tier::automatic{costs_of("llama-3-8b")}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(automatic, tier_policy_conformance, maker);

TEST(automatic, splits_where_both_at_once_are_faster) {
  EXPECT_EQ(maker::make().tokens_to_recompute(leaving_of("llama-3-8b", 8192, 16)), 448U);
}

TEST(automatic, does_one_after_the_other_where_nothing_overlaps) {
  auto costs = costs_of("llama-3-8b");
  costs.overlap = 0;
  const auto leaving = leaving_of("llama-3-8b", 8192, 16);
  EXPECT_EQ(tier::automatic{costs}.tokens_to_recompute(leaving), 0U);
  costs.in.bandwidth = tier::gigabytes_per_second(0.1);
  EXPECT_EQ(tier::automatic{costs}.tokens_to_recompute(leaving), 8192U);
}

TEST(automatic, computes_a_page_that_takes_longer_to_fetch) {
  const tier::automatic tier{costs_of("llama-3-8b", {312, 1})};
  EXPECT_EQ(tier.tokens_to_recompute(leaving_of("llama-3-8b", 16, 16)), 16U);
}

TEST(automatic, refuses_costs_that_cannot_be) {
  EXPECT_THROW(tier::automatic{tier::cost_model{}}, std::invalid_argument);
  EXPECT_EQ(maker::make().costs().overlap, 1);
}

}  // namespace
}  // namespace kvfolio::test
