// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/rank_order.hpp>
#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/eviction/cost.hpp>

namespace kvfolio::eviction {

/// Evicts the eligible page with the least of uses times cost, on top of what the last victim had
/// when the page was used last; of several, the one used longest ago.
///
/// Cherkasova, "Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching policy",
/// HP Laboratories, 1998. That pages start from the last victim's priority is what lets those age
/// that were popular once. All pages are of one size; with `unit_cost` it is LFU with dynamic aging
/// (Arlitt et al., 2000). Priorities are doubles: they lose a use of cost 1 when they reach 2^53.
///
/// Models `eligibility_aware`: exact; every operation is O(log n) in the number of pages, however
/// many are pinned. Costs 52 bytes per page, allocated once. One owner thread.
template <cost_function Cost = unit_cost>
class gdsf {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, whose loss costs what `cost`
  /// says. \throws std::bad_alloc
  explicit gdsf(std::size_t pages, Cost cost = {})
      : order_{pages}, uses_(pages), cost_{std::move(cost)} {}

  /// Does nothing: of pages that left, GDSF remembers no more than the last one's priority.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the eligible page with the least priority, from which the next ones count, and
  /// returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const auto victim = order_.first();
    if (!victim) return std::nullopt;
    KVFOLIO_EXPECTS(eligible.contains(*victim));
    level_ = order_.rank_of(*victim).priority;
    order_.erase(*victim);
    return victim;
  }

  /// Starts tracking `page`, as used once. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    uses_[to_index(page)] = 1;
    order_.insert(page, standing_of(page, access));
  }

  /// Counts a use. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    ++uses_[to_index(page)];
    order_.change(page, standing_of(page, access));
  }

  /// Stops tracking `page`, and forgets its uses. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { order_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { order_.hide(page); }

  /// Considers `page` again, with its priority. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { order_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

  /// The priority of the last victim; 0 before there was one.
  [[nodiscard]] double level() const noexcept { return level_; }

 private:
  struct standing {
    double priority = 0;
    std::uint64_t last_use = 0;
    friend bool operator<(const standing& one, const standing& other) noexcept {
      if (one.priority < other.priority) return true;
      return !(other.priority < one.priority) && one.last_use < other.last_use;
    }
  };

  [[nodiscard]] standing standing_of(page_id page, const page_access& access) const noexcept {
    return {level_ + static_cast<double>(uses_[to_index(page)]) * cost_(access), access.access};
  }

  rank_order<standing> order_;
  std::vector<std::uint64_t> uses_;  // by page
  [[no_unique_address]] Cost cost_;
  double level_ = 0;
};

static_assert(eligibility_aware<gdsf<>>);

}  // namespace kvfolio::eviction
