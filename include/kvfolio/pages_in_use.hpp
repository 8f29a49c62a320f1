// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Counts the indexed pages that are in use, when it is asked and not before.
///
/// A page is in use as long as something needs it, be that a child that is in use. So the first pin
/// of a page may bring all pages before it into use, and the last unpin may take them out, a step
/// of a walk each. Here either only says that the page is *doubtful*, and most have undone each
/// other when `settle` looks at what is doubtful, and walks as far as something has changed.
///
/// Between two calls of `settle`, what is counted lags behind, but agrees with itself: the children
/// that count as not in use are known by number. All operations are O(1), `noexcept` and free of
/// allocation, except construction; `settle` is O(1) amortized over the changes of pages. Costs 12
/// bytes per page. One owner thread.
class pages_in_use {
 public:
  /// For pages `[0, pages)`, of which none is indexed. \throws std::bad_alloc
  explicit pages_in_use(std::size_t pages) : uses_(pages), doubtful_{pages} {}

  /// Number of pages that count as in use.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Does `page` count as in use?
  [[nodiscard]] bool contains(page_id page) const noexcept { return at(page).counted; }
  /// Indexed children of `page` that do not count as in use.
  [[nodiscard]] std::uint32_t idle_children(page_id page) const noexcept {
    return at(page).idle_children;
  }

  /// `page` is indexed now, and in use. Precondition: it has no indexed child.
  void enter(page_id page) noexcept {
    KVFOLIO_EXPECTS(!contains(page) && idle_children(page) == 0);
    at(page).counted = true;
    ++size_;
  }

  /// `page`, whose parent is `parent`, is not indexed any more; says whether it counted as in use.
  bool leave(page_id page, std::optional<page_id> parent) noexcept {
    const bool counted = std::exchange(at(page).counted, false);
    if (counted) {
      --size_;
    } else if (parent) {
      --at(*parent).idle_children;
    }
    return counted;
  }

  /// What counts of `page` may be wrong now.
  void doubt(page_id page) noexcept {
    if (std::exchange(at(page).doubtful, true)) return;
    doubtful_[doubtful_size_++] = page;
  }

  /// Counts what is in use: of the doubtful pages, and of those before them, the ones for which
  /// `is_in_use(page)` holds. Precondition: that depends on nothing but the page and
  /// `idle_children(page)`, and is false for pages that are not indexed; `parent(page)` is the page
  /// before an indexed one.
  template <class IsInUse, class Parent>
  void settle(IsInUse&& is_in_use, Parent&& parent) noexcept {
    while (doubtful_size_ != 0) {
      std::optional<page_id> page = doubtful_[--doubtful_size_];
      at(*page).doubtful = false;
      while (page && is_in_use(*page) != contains(*page)) {
        const bool counted = at(*page).counted ^= true;
        size_ += counted ? 1 : SIZE_MAX;
        page = parent(*page);
        if (page) at(*page).idle_children += counted ? UINT32_MAX : 1;
      }
    }
  }

 private:
  struct page_use {
    std::uint32_t idle_children = 0;
    bool counted = false;
    bool doubtful = false;
  };

  [[nodiscard]] page_use& at(page_id page) noexcept { return uses_[to_index(page)]; }
  [[nodiscard]] const page_use& at(page_id page) const noexcept { return uses_[to_index(page)]; }

  std::vector<page_use> uses_;  // by page
  raw_array<page_id> doubtful_;
  std::size_t doubtful_size_ = 0;
  std::size_t size_ = 0;
};

}  // namespace kvfolio
