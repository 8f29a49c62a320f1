// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/least_recomputation.hpp>

#include "../conformance/victim_order_conformance.hpp"
#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

struct maker {
  static tier::least_recomputation make() {
    return tier::least_recomputation{costs_of("llama-3-8b").work};
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(least_recomputation, victim_order_conformance, maker);

TEST(least_recomputation, the_shortest_leaves_first) {
  const auto order = maker::make();
  EXPECT_TRUE(order.before({.arrival = 1, .leaving = {.tokens = 10}},
                           {.arrival = 2, .leaving = {.tokens = 11}}));
}

TEST(least_recomputation, who_attends_to_more_is_dearer) {
  const auto order = maker::make();
  const victim alone{.arrival = 1, .leaving = {.tokens = 1000}};
  victim behind{.arrival = 2, .leaving = {.tokens = 1000, .context = 1000}};
  EXPECT_TRUE(order.before(alone, behind));
  behind.leaving.tokens = 900;
  EXPECT_TRUE(order.before(behind, alone)) << "but each token costs more than that";
  behind.leaving.context = 100'000;
  EXPECT_TRUE(order.before(alone, behind));
}

}  // namespace
}  // namespace kvfolio::test
