// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/last_come.hpp>

#include "../conformance/victim_order_conformance.hpp"

namespace kvfolio::test {

INSTANTIATE_TYPED_TEST_SUITE_P(last_come, victim_order_conformance, default_made<tier::last_come>);

TEST(last_come, leaves_first) {
  EXPECT_TRUE(tier::last_come{}.before({.arrival = 2, .priority = 9}, {.arrival = 1}));
}

}  // namespace kvfolio::test
