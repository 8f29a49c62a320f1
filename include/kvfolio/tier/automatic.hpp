// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include <kvfolio/tier/concept.hpp>
#include <kvfolio/tier/explanation.hpp>

namespace kvfolio::tier {

/// Does what costs least: recompute, swap or split, subject to the room in the store. The one to
/// take unless an engine cannot do one of them. O(log pages), and the bytes of the cost model.
class automatic {
 public:
  /// Decides by `costs`. \throws std::invalid_argument if `check(costs)` does
  explicit automatic(cost_model costs) : costs_{std::move(costs)} { check(costs_); }

  /// The tokens that the cheapest way computes.
  [[nodiscard]] std::uint64_t tokens_to_recompute(const departure& leaving) const noexcept {
    return explain(costs_, leaving).tokens_to_recompute();
  }

  /// What it decides by.
  [[nodiscard]] const cost_model& costs() const noexcept { return costs_; }

 private:
  cost_model costs_;
};

static_assert(tier_policy<automatic>);

}  // namespace kvfolio::tier
