// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <kvfolio/tier/explanation.hpp>
#include <kvfolio/tier/last_come.hpp>

namespace kvfolio::tier {

/// Whose pages are worth least leaves first: seconds to have them again, by the cheapest way, over
/// the pages that become free. Who shares most of its pages frees few and stays. Of equals who came
/// last leaves.
class lowest_value {
 public:
  /// Values pages by `costs`. \throws std::invalid_argument if `check(costs)` does
  explicit lowest_value(cost_model costs) : costs_{std::move(costs)} { check(costs_); }

  /// By value, then by arrival. O(log pages).
  [[nodiscard]] bool before(const victim& one, const victim& other) const noexcept {
    const auto first = value(one);
    const auto second = value(other);
    return first != second ? first < second : last_come{}.before(one, other);
  }

  /// Seconds a page; infinite if none becomes free.
  [[nodiscard]] seconds value(const victim& each) const noexcept {
    if (each.pages_freed == 0) return explanation::impossible;
    return explain(costs_, each.leaving).least() / static_cast<double>(each.pages_freed);
  }

 private:
  cost_model costs_;
};

static_assert(victim_order<lowest_value>);

}  // namespace kvfolio::tier
