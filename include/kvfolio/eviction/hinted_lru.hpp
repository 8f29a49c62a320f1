// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts pages of sessions that are over first, then those of which nothing is known, and last
/// those that another turn is expected of; in each of the three, the page used longest ago.
///
/// What a hint is worth, and the least that a policy should make of it: on the conversation trace,
/// one bit a request, wrong 30 times of 100, doubles LRU's hits in small pools. The hint of a
/// page's last access counts. Whoever gives none has LRU.
///
/// Models `eligibility_aware`: every operation is O(1) in the worst case, however many pages are
/// pinned, and exact. Costs 19 bytes per page, allocated once. One owner thread.
class hinted_lru {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them. \throws std::bad_alloc
  explicit hinted_lru(std::size_t pages) : resident_{pages} {}

  /// Does nothing: no page that left is remembered.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the oldest eligible page of the first list that has any, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    std::optional<page_id> victim;
    for (std::size_t each = 0; each < lists && !victim; ++each) {
      victim = resident_.take_oldest(each);
    }
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    return victim;
  }

  /// Starts tracking `page`, as the youngest. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    resident_.push_back(page, list_for(access.hint));
  }

  /// Makes `page` the youngest of the list that this access's hint gives it. Precondition: `page`
  /// is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    resident_.move_to_back(page, list_for(access.hint));
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { resident_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { resident_.hide(page); }

  /// Considers `page` again, at its age. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { resident_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept {
    return resident_.size(over) + resident_.size(unknown) + resident_.size(expected);
  }

 private:
  enum list : std::size_t { over, unknown, expected, lists };

  [[nodiscard]] static list list_for(const retention_hint& hint) noexcept {
    switch (hint.next_turn) {
      case continuation::over: return over;
      case continuation::expected: return expected;
      case continuation::unknown: break;
    }
    return unknown;
  }

  recency_lists<lists> resident_;
};

static_assert(eligibility_aware<hinted_lru>);

}  // namespace kvfolio::eviction
