// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/tier/last_come.hpp>
#include <kvfolio/tier/sparing.hpp>

#include "../conformance/victim_order_conformance.hpp"

namespace kvfolio::test {
namespace {

struct maker {
  static tier::sparing<tier::last_come> make() { return tier::sparing<tier::last_come>{5, 2}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(sparing, victim_order_conformance, maker);

TEST(sparing, who_has_just_come_leaves_after_all_others) {
  const auto order = maker::make();
  const victim fresh{.arrival = 9, .steps = 4};
  const victim settled{.arrival = 1, .steps = 5};
  EXPECT_TRUE(order.spares(fresh));
  EXPECT_FALSE(order.spares(settled));
  EXPECT_TRUE(order.before(settled, fresh)) << "though it came first";
  EXPECT_TRUE(order.before(fresh, {.arrival = 8, .steps = 4})) << "all are spared, so none is";
}

TEST(sparing, each_time_away_doubles_the_time_to_get_on) {
  const auto order = maker::make();
  EXPECT_TRUE(order.spares({.steps = 9, .preemptions = 1}));
  EXPECT_FALSE(order.spares({.steps = 10, .preemptions = 1}));
  EXPECT_TRUE(order.spares({.steps = 19, .preemptions = 2}));
  EXPECT_FALSE(order.spares({.steps = 20, .preemptions = 3})) << "twice at most";
  const tier::sparing<tier::last_come> long_time{UINT64_MAX, 63};
  EXPECT_TRUE(long_time.spares({.steps = UINT64_MAX - 1, .preemptions = 100}));
}

}  // namespace
}  // namespace kvfolio::test
