// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <kvfolio/core/recency_order.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts the eligible page whose last access is longest ago.
///
/// The baseline of every comparison since Belady, "A study of replacement algorithms for a
/// virtual-storage computer", IBM Systems Journal 5(2), 1966; still hard to beat on conversations.
///
/// Models `frontier_aware`: every operation is O(1) in the worst case, however many pages are
/// pinned, and exact. Costs 17 bytes per page, allocated once. One owner thread.
class lru {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them. \throws std::bad_alloc
  explicit lru(std::size_t pages) : order_{pages} {}

  /// Does nothing: LRU remembers no page that left.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the oldest page that is not suspended, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const auto victim = joined_ ? std::exchange(joined_, std::nullopt) : order_.take_oldest();
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    return victim;
  }

  /// Starts tracking `page`, as the youngest. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& /*access*/) noexcept {
    KVFOLIO_EXPECTS(!tracks(page));
    order_.push_back(page);
  }

  /// Starts tracking `page`, as the oldest. Precondition: `page` is untracked.
  void insert_oldest(page_id page) noexcept {
    KVFOLIO_EXPECTS(!tracks(page));
    if (joined_) file();
    joined_ = page;
  }

  /// Makes `page` the youngest. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    if (page == joined_) file();
    order_.move_to_back(page);
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    if (page == joined_) file();
    order_.erase(page);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept {
    if (page == joined_) file();
    order_.hide(page);
  }

  /// Considers `page` again, at its age. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { order_.show(page); }

  /// Is `page` tracked?
  [[nodiscard]] bool tracks(page_id page) const noexcept {
    return page == joined_ || order_.contains(page);
  }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return order_.size() + (joined_ ? 1 : 0); }

 private:
  // Puts the page that joined last where it belongs.
  void file() noexcept {
    order_.push_front(*joined_);
    joined_.reset();
  }

  recency_order order_;
  std::optional<page_id> joined_;  // as the oldest, which it still is, and likely leaves next
};

static_assert(frontier_aware<lru>);

}  // namespace kvfolio::eviction
