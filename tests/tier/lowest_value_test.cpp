// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/tier/lowest_value.hpp>

#include "../conformance/victim_order_conformance.hpp"
#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

struct maker {
  static tier::lowest_value make() { return tier::lowest_value{costs_of("llama-3-8b")}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(lowest_value, victim_order_conformance, maker);

victim of(std::uint64_t arrival, std::uint64_t tokens, std::uint64_t pages_freed) {
  return {.arrival = arrival,
          .pages_freed = pages_freed,
          .leaving = leaving_of("llama-3-8b", tokens, 16)};
}

TEST(lowest_value, what_is_dear_to_have_again_for_few_pages_stays) {
  const auto order = maker::make();
  EXPECT_TRUE(order.before(of(1, 1600, 100), of(2, 1600, 99)));
  EXPECT_TRUE(order.before(of(1, 1600, 1), of(2, 16, 0))) << "who frees nothing is of no use";
  auto homeless = of(2, 1600, 100);
  homeless.leaving.free_bytes = 0;
  EXPECT_TRUE(order.before(of(1, 1600, 100), homeless)) << "it would have to be computed again";
}

TEST(lowest_value, is_seconds_a_page) {
  const auto costs = costs_of("llama-3-8b");
  const auto each = of(1, 1600, 50);
  EXPECT_EQ(tier::lowest_value{costs}.value(each), explain(costs, each.leaving).least() / 50);
  EXPECT_THROW(tier::lowest_value{tier::cost_model{}}, std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
