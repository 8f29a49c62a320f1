// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Where a page goes that `slru` sees for the first time.
enum class slru_entry : std::uint8_t {
  lowest,            ///< the first segment
  lowest_with_room,  ///< the first that is not full; the first of all when each is
};

/// Evicts from the lowest of several LRU lists, where each use takes a page one list up, and lists
/// that overflow push their oldest one list down.
///
/// Karedla, Love and Wherry, "Caching strategies to improve disk system performance", IEEE Computer
/// 27(3), 1994, with two segments: pages used once leave before those used again. With four and
/// `slru_entry::lowest_with_room` it is the one of libCacheSim.
///
/// Only who leaves the pool must be eligible: from one segment to another, the oldest moves.
///
/// Models `eligibility_aware`: every operation is O(`Segments`) in the worst case, however many
/// pages are pinned, and exact. Costs 18 bytes per page and 0.8 more a segment, allocated once. One
/// owner thread.
template <std::size_t Segments = 2>
class slru {
  static_assert(Segments > 1);

 public:
  using capacities = std::array<std::size_t, Segments>;  ///< pages, lowest segment first

  /// Creates a policy for pages `[0, pages)` that tracks none of them. Of two segments the upper
  /// one may have 4/5 of the pages; more share them equally. \throws std::bad_alloc
  explicit slru(std::size_t pages) : slru{pages, usual(pages)} {}

  /// Creates a policy with segments of at most so many pages. The lowest one takes what finds no
  /// other place. \throws std::bad_alloc
  slru(std::size_t pages, const capacities& most, slru_entry entry = slru_entry::lowest)
      : resident_{pages}, most_{most}, entry_{entry} {}

  /// Does nothing: SLRU remembers no page that left.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the oldest eligible page of the lowest segment that has any, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    std::optional<page_id> victim;
    for (std::size_t segment = 0; segment < Segments && !victim; ++segment) {
      victim = resident_.take_oldest(segment);
    }
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    return victim;
  }

  /// Starts tracking `page`, as the youngest of its segment. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& /*access*/) noexcept {
    std::size_t segment = 0;
    if (entry_ == slru_entry::lowest_with_room) {
      while (segment < Segments && resident_.size(segment) >= most_[segment]) ++segment;
      if (segment == Segments) segment = 0;
    }
    resident_.push_back(page, segment);
  }

  /// Makes `page` the youngest of the next segment. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    const auto segment = resident_.list_of(page);
    if (segment + 1 == Segments) return resident_.move_to_back(page);
    resident_.move_to_back(page, segment + 1);
    for (auto full = segment + 1; full > 0; --full) {
      if (resident_.size(full) <= most_[full]) return;
      resident_.move_to_back(*resident_.oldest_of_all(full), full - 1);
    }
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
    for (std::size_t segment = 0; segment < Segments; ++segment) pages += resident_.size(segment);
    return pages;
  }

  /// Number of tracked pages in a segment. Precondition: `segment < Segments`.
  [[nodiscard]] std::size_t size(std::size_t segment) const noexcept {
    return resident_.size(segment);
  }

 private:
  [[nodiscard]] static constexpr capacities usual(std::size_t pages) noexcept {
    capacities most{};
    most.fill(pages / Segments);
    if constexpr (Segments == 2) most = {pages - 4 * pages / 5, 4 * pages / 5};
    return most;
  }

  recency_lists<Segments, true> resident_;
  capacities most_;
  slru_entry entry_;
};

static_assert(eligibility_aware<slru<>>);

}  // namespace kvfolio::eviction
