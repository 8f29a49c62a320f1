// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/lowest_priority.hpp>

#include "../conformance/victim_order_conformance.hpp"

namespace kvfolio::test {

INSTANTIATE_TYPED_TEST_SUITE_P(lowest_priority, victim_order_conformance,
                               default_made<tier::lowest_priority>);

TEST(lowest_priority, leaves_first_and_of_equals_the_last) {
  const tier::lowest_priority order;
  EXPECT_TRUE(order.before({.arrival = 1, .priority = -1}, {.arrival = 2, .priority = 0}));
  EXPECT_TRUE(order.before({.arrival = 2, .priority = 3}, {.arrival = 1, .priority = 3}));
}

}  // namespace kvfolio::test
