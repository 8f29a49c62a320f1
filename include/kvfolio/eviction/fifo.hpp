// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include <kvfolio/core/recency_order.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts the eligible page that arrived first, used since or not.
///
/// Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal
/// 5(2), 1966. A use costs nothing; on conversations, with leaves leaving first, it hits as often
/// as LRU.
///
/// Models `eligibility_aware`: every operation is O(1) in the worst case, however many pages are
/// pinned, and exact. Costs 17 bytes per page, allocated once. One owner thread.
class fifo {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them. \throws std::bad_alloc
  explicit fifo(std::size_t pages) : queue_{pages} {}

  /// Does nothing: FIFO remembers no page that left.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the page that arrived first, of those not suspended, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const auto victim = queue_.take_oldest();
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    return victim;
  }

  /// Starts tracking `page`, as the last to arrive. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& /*access*/) noexcept { queue_.push_back(page); }

  /// Does nothing. Precondition: `page` is tracked.
  void touch([[maybe_unused]] page_id page, const page_access& /*access*/) noexcept {
    KVFOLIO_EXPECTS(queue_.contains(page));
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { queue_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { queue_.hide(page); }

  /// Considers `page` again, at its place. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { queue_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return queue_.size(); }

 private:
  recency_order queue_;
};

static_assert(eligibility_aware<fifo>);

}  // namespace kvfolio::eviction
