// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include <kvfolio/tier/concept.hpp>
#include <kvfolio/tier/cost_model.hpp>

namespace kvfolio::tier {

/// Keeps everything or nothing, whatever costs less: for engines that cannot compute and load at
/// the same time. O(windows), and the bytes of the cost model.
class swap_or_recompute {
 public:
  /// Decides by `costs`. \throws std::invalid_argument if `check(costs)` does
  explicit swap_or_recompute(cost_model costs) : costs_{std::move(costs)} { check(costs_); }

  /// None or all; all if both cost the same, or there is no room for all.
  [[nodiscard]] std::uint64_t tokens_to_recompute(const departure& leaving) const noexcept {
    if (leaving.pages_too_many() != 0) return leaving.tokens;
    const auto swapped = costs_.total(leaving, 0);
    return swapped < costs_.total(leaving, leaving.pages()) ? 0 : leaving.tokens;
  }

  /// What it decides by.
  [[nodiscard]] const cost_model& costs() const noexcept { return costs_; }

 private:
  cost_model costs_;
};

static_assert(tier_policy<swap_or_recompute>);

}  // namespace kvfolio::tier
