// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// How fast the pages of each class age under `walru`: twice the weight, twice as fast.
struct walru_weights {
  std::uint32_t new_tail = 50;         ///< partial last pages of prompts, seen once
  std::uint32_t first_turn = 3;        ///< of prompts of which at most one page was seen before
  std::uint32_t short_turn = 1;        ///< of prompts that add fewer than 8 pages to seen ones
  std::uint32_t long_turn = 6;         ///< of prompts that add more
  std::uint32_t first_turn_again = 1;  ///< seen before, and in a first turn again
};

/// Evicts the eligible page with the greatest of age times the weight of its class: LRU for
/// conversations, whose pages come back the sooner the less their turn added.
///
/// Class-weighted-age LRU. An age is counted in accesses. A page changes its class with each
/// access; the oldest of each of five lists competes, so exact without looking at the others. Of
/// the conversation trace, turns that added 0 to 3 pages were continued in 6 of 10 cases, and those
/// that added 16 or more in 6 of 100.
///
/// The turn is told from `request_pages` and `seen_pages` of the access; where nobody says them,
/// all pages are of one class, and it is LRU.
///
/// Models `eligibility_aware`: every operation is O(1) in the worst case, however many pages are
/// pinned. Costs 28 bytes per page, allocated once; remembers no keys. One owner thread.
class walru {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and are full with
  /// `page_tokens` tokens; of one, all are full. \throws std::bad_alloc
  explicit walru(std::size_t pages, std::uint32_t page_tokens = 1, walru_weights weights = {})
      : resident_{pages},
        last_use_(pages),
        weights_{weights.new_tail, weights.first_turn, weights.short_turn, weights.long_turn,
                 weights.first_turn_again},
        page_tokens_{page_tokens} {}

  /// Notes the time: what was seen before, the access says.
  void miss(const page_access& access) noexcept { now_ = access.access; }

  /// Stops tracking the eligible page with the greatest weighted age, and returns it; of several,
  /// that of the class which `walru_weights` names first.
  [[nodiscard]] std::optional<page_id> evict(const page_access& access,
                                             [[maybe_unused]] page_set eligible) noexcept {
    now_ = std::max(now_, access.access);  // who makes room for no page in particular says no time
    std::optional<page_id> victim;
    std::uint64_t greatest = 0;
    for (std::size_t each = 0; each < classes; ++each) {
      const auto oldest = resident_.oldest(each);
      if (!oldest) continue;
      const auto age = now_ - last_use_[to_index(*oldest)] + 1;
      if (victim && age * weights_[each] <= greatest) continue;
      victim = oldest;
      greatest = age * weights_[each];
    }
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    if (victim) resident_.erase(*victim);
    return victim;
  }

  /// Starts tracking `page`, as the youngest of its class. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    resident_.push_back(page, class_of(access));
    note_use(page, access);
  }

  /// Makes `page` the youngest of the class that this access gives it. Precondition: `page` is
  /// tracked.
  void touch(page_id page, const page_access& access) noexcept {
    resident_.move_to_back(page, class_of(access));
    note_use(page, access);
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { resident_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { resident_.hide(page); }

  /// Considers `page` again, at its age. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { resident_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t pages = 0;
    for (std::size_t each = 0; each < classes; ++each) pages += resident_.size(each);
    return pages;
  }

 private:
  // In the order of walru_weights.
  enum kind : std::size_t {
    new_tail,
    first_turn,
    short_turn,
    long_turn,
    first_turn_again,
    classes
  };

  [[nodiscard]] kind class_of(const page_access& access) const noexcept {
    const bool seen = access.depth < access.seen_pages;
    const bool is_tail = access.depth + 1 == access.request_pages && access.tokens < page_tokens_;
    if (is_tail && !seen) return new_tail;
    if (access.seen_pages < 2) return seen ? first_turn_again : first_turn;
    return access.request_pages - access.seen_pages < 8 ? short_turn : long_turn;
  }

  void note_use(page_id page, const page_access& access) noexcept {
    last_use_[to_index(page)] = now_ = access.access;
  }

  recency_lists<classes> resident_;
  std::vector<std::uint64_t> last_use_;  // by page
  std::array<std::uint64_t, classes> weights_;
  std::uint32_t page_tokens_;
  std::uint64_t now_ = 0;  // in accesses
};

static_assert(eligibility_aware<walru>);

}  // namespace kvfolio::eviction
