// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/recency_order.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts in order of arrival, but gives a page that was touched since a second round.
///
/// Corbato, "A paging experiment with the Multics system", MIT Project MAC, 1968. It approximates
/// LRU, and a touch writes one bit instead of moving the page.
///
/// Models `eligibility_aware`: `evict` looks at no ineligible page. It gives up to as many second
/// rounds as there are pages, but each is paid for by a touch since the one before: amortised O(1),
/// and exact. All else is O(1) in the worst case. Costs 17 bytes per page, allocated once. One
/// owner thread.
class clock {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them. \throws std::bad_alloc
  explicit clock(std::size_t pages) : queue_{pages}, touched_{pages} {}

  /// Does nothing: CLOCK remembers no page that left.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the oldest eligible page that is untouched, and returns it. On the way, each
  /// eligible page that is touched becomes an untouched page at the young end.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    for (auto page = queue_.oldest(); page; page = queue_.oldest()) {
      KVFOLIO_EXPECTS(eligible.contains(*page));
      if (!touched_.contains(to_index(*page))) {
        queue_.erase(*page);
        return page;
      }
      touched_.erase(to_index(*page));
      queue_.move_to_back(*page);
    }
    return std::nullopt;
  }

  /// Starts tracking `page`, as the youngest and untouched. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& /*access*/) noexcept {
    queue_.push_back(page);
    touched_.erase(to_index(page));
  }

  /// Marks `page` as touched. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    KVFOLIO_EXPECTS(queue_.contains(page));
    touched_.insert(to_index(page));
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { queue_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { queue_.hide(page); }

  /// Considers `page` again, with its place and its bit. Precondition: `page` is tracked and
  /// suspended.
  void resume(page_id page) noexcept { queue_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return queue_.size(); }

 private:
  recency_order queue_;  // oldest first
  bitmap touched_;
};

static_assert(eligibility_aware<clock>);

}  // namespace kvfolio::eviction
