// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include <kvfolio/tier/cost_model.hpp>

namespace kvfolio::tier {

/// Returns how many pages, from `first` to `last`, it costs least to compute while the others are
/// loaded; the fewest of equals. O(log pages), for each piece of a measured processor.
/// Precondition: `first <= last`, and there is a page before and one behind them.
[[nodiscard]] inline std::uint64_t cheapest_split(const cost_model& costs, const departure& leaving,
                                                  std::uint64_t first,
                                                  std::uint64_t last) noexcept {
  KVFOLIO_EXPECTS(0 < first && first <= last && last < leaving.pages());
  auto best = first;
  const auto search = [&](std::uint64_t from, std::uint64_t to) noexcept {
    while (from < to) {  // convex: it falls up to there, and never again
      const auto middle = from + (to - from) / 2;
      if (costs.total(leaving, middle + 1) < costs.total(leaving, middle)) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    if (costs.total(leaving, from) < costs.total(leaving, best)) best = from;
  };
  for (const auto& [tokens, time] : costs.computing.measured) {
    const auto until = std::min(tokens / leaving.tokens_per_page, last);
    if (until < first) continue;
    search(first, until);
    first = std::min(until + 1, last);
  }
  search(first, last);
  return best;
}

/// What can become of a departure.
enum class way_back : std::uint8_t {
  recompute,  ///< all is computed again
  swap,       ///< all is loaded
  split,      ///< leading pages are computed while the others are loaded
};

/// What each way would cost, and which costs least.
struct explanation {
  static constexpr seconds impossible{std::numeric_limits<double>::infinity()};  ///< no room

  seconds recompute{};             ///< to compute all
  seconds swap = impossible;       ///< to store as far as that is waited for, and load all
  seconds split = impossible;      ///< of the best split
  std::uint64_t split_tokens = 0;  ///< that it computes
  std::uint64_t tokens = 0;        ///< all
  byte_rate break_even{};          ///< bandwidth above which to swap is faster than to recompute
  way_back best = way_back::recompute;  ///< the way that costs least

  /// What the best way costs.
  [[nodiscard]] constexpr seconds least() const noexcept {
    return best == way_back::swap ? swap : best == way_back::split ? split : recompute;
  }
  /// How many leading tokens it computes.
  [[nodiscard]] constexpr std::uint64_t tokens_to_recompute() const noexcept {
    return best == way_back::swap ? 0 : best == way_back::split ? split_tokens : tokens;
  }
};

/// Returns what each way back would cost `leaving`, subject to the room in its store. Of equal ways
/// the simplest is best: recompute, then swap. O(log pages).
[[nodiscard]] inline explanation explain(const cost_model& costs,
                                         const departure& leaving) noexcept {
  const auto pages = leaving.pages();
  const auto too_many = leaving.pages_too_many();
  explanation made;
  made.tokens = leaving.tokens;
  made.recompute = costs.total(leaving, pages);
  made.break_even = break_even(costs, leaving);
  if (too_many == 0 && pages != 0) {
    made.swap = costs.total(leaving, 0);
    if (made.swap < made.least()) made.best = way_back::swap;
  }
  const auto first = std::max<std::uint64_t>(too_many, 1);
  if (first < pages) {
    const auto split = cheapest_split(costs, leaving, first, pages - 1);
    made.split = costs.total(leaving, split);
    made.split_tokens = leaving.tokens_in(split);
    if (made.split < made.least()) made.best = way_back::split;
  }
  return made;
}

}  // namespace kvfolio::tier
