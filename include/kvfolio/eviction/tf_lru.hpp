// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts the partial last pages of prompts first, in order of arrival, and then as LRU does.
///
/// Tail-first LRU: a page that is not full ends a prompt, and only the very same prompt finds it
/// again; of the conversation trace, 0.8 % of such pages were ever used again, and 25.8 % of the
/// others. One that is used again becomes a page as any other.
///
/// For caches that keep partial pages. `paged_cache` indexes full pages only, and there it is LRU.
///
/// Models `eligibility_aware`: every operation is O(1) in the worst case, however many pages are
/// pinned, and exact. Costs 19 bytes per page, allocated once. One owner thread.
class tf_lru {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and are full with
  /// `page_tokens` tokens; of one, all are full. \throws std::bad_alloc
  explicit tf_lru(std::size_t pages, std::uint32_t page_tokens = 1)
      : resident_{pages}, page_tokens_{page_tokens} {}

  /// Does nothing: TF-LRU remembers no page that left.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the oldest eligible tail, or else the oldest eligible page, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    auto victim = resident_.take_oldest(tail);
    if (!victim) victim = resident_.take_oldest(used);
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    return victim;
  }

  /// Starts tracking `page`, as the youngest. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    const bool is_last = access.depth + 1 == access.request_pages;
    resident_.push_back(page, is_last && access.tokens < page_tokens_ ? tail : used);
  }

  /// Makes `page` the youngest of those used. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    resident_.move_to_back(page, used);
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { resident_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { resident_.hide(page); }

  /// Considers `page` again, at its place. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { resident_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept {
    return resident_.size(tail) + resident_.size(used);
  }

 private:
  enum list : std::size_t { tail, used };

  recency_lists<2> resident_;
  std::uint32_t page_tokens_;
};

static_assert(eligibility_aware<tf_lru>);

}  // namespace kvfolio::eviction
