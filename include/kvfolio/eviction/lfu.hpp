// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/rank_order.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts the eligible page that was used least often since it came, and of several the one whose
/// last use is longest ago.
///
/// Counts begin at 1 and never age, so a page that was popular once stays: right for system
/// prompts, wrong for sessions that have ended. Pages of few uses lie in a list for each count
/// (Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme",
/// 2010), and the others, which seldom leave, in an order by rank, so that counts have no end.
///
/// Models `eligibility_aware`: exact, and O(1) in the worst case for pages of up to 15 uses,
/// O(log n) for the n pages of more, however many are pinned. Costs 68 bytes per page, allocated
/// once. One owner thread.
class lfu {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them. \throws std::bad_alloc
  explicit lfu(std::size_t pages) : seldom_{pages}, often_{pages}, suspended_{pages} {}

  /// Does nothing: LFU remembers no page that left.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the eligible page of the fewest uses, the oldest of several, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    std::optional<page_id> victim;
    for (std::size_t list = 0; list < few && !victim; ++list) victim = seldom_.take_oldest(list);
    if (!victim) victim = often_.take_first();
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    return victim;
  }

  /// Starts tracking `page`, as used once. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& /*access*/) noexcept {
    KVFOLIO_EXPECTS(!often_.contains(page));
    seldom_.push_back(page, 0);
    suspended_.erase(to_index(page));
  }

  /// Counts a use. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    const auto count = uses(page) + 1;
    const standing rank{count, access.access};
    if (count <= few) {
      seldom_.move_to_back(page, count - 1);
    } else if (often_.contains(page)) {
      often_.change(page, rank);
    } else {
      seldom_.erase(page);
      is_suspended(page) ? often_.insert_hidden(page, rank) : often_.insert(page, rank);
    }
  }

  /// Stops tracking `page`, and forgets its count. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    often_.contains(page) ? often_.erase(page) : seldom_.erase(page);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept {
    suspended_.insert(to_index(page));
    often_.contains(page) ? often_.hide(page) : seldom_.hide(page);
  }

  /// Considers `page` again, with its count and its age. Precondition: `page` is tracked and
  /// suspended.
  void resume(page_id page) noexcept {
    suspended_.erase(to_index(page));
    often_.contains(page) ? often_.show(page) : seldom_.show(page);
  }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept {
    auto pages = often_.size();
    for (std::size_t list = 0; list < few; ++list) pages += seldom_.size(list);
    return pages;
  }

  /// How often `page` was used since it came. Precondition: `page` is tracked.
  [[nodiscard]] std::uint64_t uses(page_id page) const noexcept {
    return often_.contains(page) ? often_.rank_of(page).uses : seldom_.list_of(page) + 1;
  }

 private:
  static constexpr std::size_t few = 15;

  struct standing {
    std::uint64_t uses = 0;
    std::uint64_t last_use = 0;
    friend bool operator<(const standing& one, const standing& other) noexcept {
      return one.uses != other.uses ? one.uses < other.uses : one.last_use < other.last_use;
    }
  };

  [[nodiscard]] bool is_suspended(page_id page) const noexcept {
    return suspended_.contains(to_index(page));
  }

  recency_lists<few> seldom_;   // in list i, pages of i + 1 uses
  rank_order<standing> often_;  // pages of more
  bitmap suspended_;
};

static_assert(eligibility_aware<lfu>);

}  // namespace kvfolio::eviction
