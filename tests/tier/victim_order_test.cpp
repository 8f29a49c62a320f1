// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/victim_order.hpp>

namespace kvfolio::test {
namespace {

struct first_come {
  [[nodiscard]] bool before(const victim& one, const victim& other) const noexcept {
    return one.arrival < other.arrival;
  }
};
struct may_throw {
  [[nodiscard]] bool before(const victim& one, const victim& other) const {
    return one.arrival < other.arrival;
  }
};
struct remembers {
  [[nodiscard]] bool before(const victim&, const victim&) noexcept { return asked = true; }
  bool asked = false;
};

TEST(victim_order, of_a_user_is_one_function) {
  static_assert(victim_order<first_come>);
  static_assert(!victim_order<may_throw>);
  static_assert(!victim_order<remembers>, "an order does not change by being asked");
  EXPECT_TRUE(first_come{}.before({.arrival = 1}, {.arrival = 2}));
}

}  // namespace
}  // namespace kvfolio::test
