// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio::eviction {

/// Where the pages of a W-TinyLFU are, however it counts: newcomers in a window, an LRU list of 1 %
/// of the pages; the rest in a segmented LRU, of which 80 % are protected.
///
/// Only who leaves the pool must be eligible: from one part of it to another, the oldest moves. All
/// operations are O(1) in the worst case and `noexcept`, except construction. Costs 20 bytes per
/// page, allocated once.
class tinylfu_lists {
 public:
  /// Creates empty lists for pages `[0, pages)`. \throws std::bad_alloc
  explicit tinylfu_lists(std::size_t pages)
      : resident_{pages},
        window_pages_{std::max<std::size_t>(1, pages / 100)},
        protected_pages_{4 * (pages - std::min(pages, window_pages_)) / 5} {}

  /// Removes a page, and returns it: of the oldest one of the window that is not hidden, if the
  /// window is full, and the oldest one of the rest, that with the lower `count_of(page)`, or the
  /// one of the window if neither is. What wins leaves the window. `nullopt` if all are hidden.
  template <class CountOf>
  std::optional<page_id> evict(CountOf count_of) noexcept {
    const auto newest = resident_.oldest(window);
    auto victim = resident_.oldest(probation);
    if (!victim) victim = resident_.oldest(guarded);
    if (!victim) {
      victim = newest;
    } else if (newest && resident_.size(window) >= window_pages_) {
      if (count_of(*newest) > count_of(*victim)) {
        resident_.move_to_back(*newest, probation);
      } else {
        victim = newest;
      }
    }
    if (victim) resident_.erase(*victim);
    return victim;
  }

  /// Adds `page`, shown, as the youngest of the window, whose oldest pages leave it for the rest if
  /// it is full. Precondition: `page` is in no list.
  void insert(page_id page) noexcept {
    while (resident_.size(window) >= window_pages_) {
      resident_.move_to_back(*resident_.oldest_of_all(window), probation);
    }
    resident_.push_back(page, window);
  }

  /// Makes `page` the youngest: of the window if it is there, and else of the protected pages, the
  /// oldest of which must leave them if they are too many. Precondition: `page` is in a list.
  void touch(page_id page) noexcept {
    if (resident_.list_of(page) == window) return resident_.move_to_back(page);
    resident_.move_to_back(page, guarded);
    if (resident_.size(guarded) > protected_pages_) {
      resident_.move_to_back(*resident_.oldest_of_all(guarded), probation);
    }
  }

  /// Removes `page`. Precondition: `page` is in a list, here and below.
  void erase(page_id page) noexcept { resident_.erase(page); }
  /// `evict` passes over `page` until it is shown.
  void hide(page_id page) noexcept { resident_.hide(page); }
  /// Undoes `hide(page)`.
  void show(page_id page) noexcept { resident_.show(page); }

  /// Number of pages, hidden ones included.
  [[nodiscard]] std::size_t size() const noexcept {
    return resident_.size(window) + resident_.size(probation) + resident_.size(guarded);
  }

 private:
  enum list : std::size_t { window, probation, guarded };

  recency_lists<3, true> resident_;
  std::size_t window_pages_;
  std::size_t protected_pages_;
};

}  // namespace kvfolio::eviction
