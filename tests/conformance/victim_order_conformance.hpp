// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/victim_order.hpp>

#include "../support/default_made.hpp"
#include "../support/departures.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// Returns victims of different arrivals, in any order, many of them equal in everything else.
inline std::vector<victim> any_victims(std::mt19937& rng, std::size_t count) {
  std::vector<victim> all;
  for (std::uint64_t arrival = 0; arrival < count; ++arrival) {
    victim each;
    each.arrival = arrival;
    each.priority = static_cast<std::int32_t>(rng() % 3) - 1;
    each.pages_freed = rng() % 4;
    each.steps = rng() % 20;
    each.preemptions = static_cast<std::uint32_t>(rng() % 3);
    each.leaving = any_departure(rng, 64);
    if (arrival != 0 && rng() % 2 == 0) {
      each = all[rng() % arrival];
      each.arrival = arrival;
    }
    all.insert(all.begin() + static_cast<std::ptrdiff_t>(rng() % (arrival + 1)), each);
  }
  return all;
}

/// What every `victim_order` promises, whoever it prefers. Instantiate once per order, with a type
/// `Maker` whose `make()` returns one.
template <class Maker>
class victim_order_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(victim_order_conformance);

TYPED_TEST_P(victim_order_conformance, is_a_strict_total_order) {
  const auto order = TypeParam::make();
  for_each_seed([&order](std::mt19937& rng) {
    const auto all = any_victims(rng, 24);
    for (const auto& a : all) {
      ASSERT_FALSE(order.before(a, a));
      for (const auto& b : all) {
        if (a.arrival == b.arrival) continue;
        ASSERT_NE(order.before(a, b), order.before(b, a));
        for (const auto& c : all) {
          if (order.before(a, b) && order.before(b, c)) {
            ASSERT_TRUE(order.before(a, c));
          }
        }
      }
    }
  });
}

REGISTER_TYPED_TEST_SUITE_P(victim_order_conformance, is_a_strict_total_order);

}  // namespace kvfolio::test
