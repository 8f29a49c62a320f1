// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio::eviction {

/// Pages in numbered cells, any of which can be hidden and shown again, and an order of the cells:
/// finds a page of the first cell that has any.
///
/// A cell is a list through arrays, and moves into another one as a whole. All operations are
/// `noexcept` and O(1), except construction and `reorder`. Costs 8 bytes per page and 16 per cell.
class age_cells {
 public:
  /// Makes empty cells, in the order of their numbers, for pages `[0, pages)`.
  /// \throws std::bad_alloc
  age_cells(std::size_t pages, std::size_t cells)
      : links_(pages + cells, link{none, none}),
        pages_{static_cast<std::uint32_t>(pages)},
        rank_of_(cells),
        cell_at_(cells),
        filled_{cells} {
    KVFOLIO_EXPECTS(pages + cells < none);
    for (std::size_t cell = 0; cell < cells; ++cell) {
      rank_of_[cell] = cell_at_[cell] = static_cast<std::uint32_t>(cell);
      links_[end_of(cell)] = {end_of(cell), end_of(cell)};
    }
  }

  /// Number of pages, hidden ones included.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Is `page` here, hidden or not?
  [[nodiscard]] bool contains(page_id page) const noexcept {
    return links_[to_index(page)].next != none;
  }

  /// Is `page`, which is here, hidden?
  [[nodiscard]] bool is_hidden(page_id page) const noexcept {
    return links_[to_index(page)].next == to_index(page);
  }

  /// Adds `page` to `cell`, as the last. Precondition: it is not here.
  void insert(page_id page, std::size_t cell) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    ++size_;
    link_before(static_cast<std::uint32_t>(page), end_of(cell), cell);
  }

  /// Removes `page`. Precondition: it is here.
  void erase(page_id page) noexcept {
    KVFOLIO_EXPECTS(contains(page));
    if (!is_hidden(page)) unlink(page);
    links_[to_index(page)] = {none, none};
    --size_;
  }

  /// Moves `page` to the end of `cell`; a hidden one stays hidden. Precondition: it is here.
  void change(page_id page, std::size_t cell) noexcept {
    KVFOLIO_EXPECTS(contains(page));
    if (is_hidden(page)) return;
    unlink(page);
    link_before(static_cast<std::uint32_t>(page), end_of(cell), cell);
  }

  /// `first` passes over `page` until it is shown. Precondition: it is here, and not hidden.
  void hide(page_id page) noexcept {
    KVFOLIO_EXPECTS(contains(page) && !is_hidden(page));
    unlink(page);
    const auto self = static_cast<std::uint32_t>(page);
    links_[self] = {self, self};
  }

  /// Undoes `hide`, putting `page` at the beginning of `cell`. Precondition: it is hidden.
  void show(page_id page, std::size_t cell) noexcept {
    KVFOLIO_EXPECTS(contains(page) && is_hidden(page));
    link_before(static_cast<std::uint32_t>(page), links_[end_of(cell)].next, cell);
  }

  /// Adds the pages of the cell `from` to those of the cell `to`, behind them.
  void move(std::size_t from, std::size_t to) noexcept {
    const auto end = end_of(from);
    if (links_[end].next == end) return;
    const auto moved = std::exchange(links_[end], {end, end});
    filled_.erase(rank_of_[from]);
    const auto target = end_of(to);
    const auto last = links_[target].prev;
    links_[last].next = moved.next;
    links_[moved.next].prev = last;
    links_[moved.prev].next = target;
    links_[target].prev = moved.prev;
    filled_.insert(rank_of_[to]);
  }

  /// Returns the first page of the first cell that has any that is not hidden; `nullopt` when none
  /// has.
  [[nodiscard]] std::optional<page_id> first() const noexcept {
    const auto rank = filled_.next(0);
    if (!rank) return std::nullopt;
    return page_id{links_[end_of(cell_at_[*rank])].next};
  }

  /// Returns the page after `page` in its cell; `nullopt` after the last. Precondition: `page` is
  /// here, and not hidden.
  [[nodiscard]] std::optional<page_id> after(page_id page) const noexcept {
    const auto next = links_[to_index(page)].next;
    if (next >= pages_) return std::nullopt;
    return page_id{next};
  }

  /// Puts the cells in another order: `cell_at(rank)` is the one that `rank` others come before.
  /// O(n) in the number of cells. Precondition: that is every cell for one rank.
  template <class CellAt>
  void reorder(CellAt cell_at) noexcept {
    for (std::size_t rank = 0; rank < cell_at_.size(); ++rank) {
      const std::uint32_t cell = cell_at(rank);
      cell_at_[rank] = cell;
      rank_of_[cell] = static_cast<std::uint32_t>(rank);
      links_[end_of(cell)].next == end_of(cell) ? filled_.erase(rank) : filled_.insert(rank);
    }
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct link {
    std::uint32_t prev;
    std::uint32_t next;
  };

  // The node at both ends of the list of `cell`, after those of the pages.
  [[nodiscard]] std::uint32_t end_of(std::size_t cell) const noexcept {
    return pages_ + static_cast<std::uint32_t>(cell);
  }

  void link_before(std::uint32_t node, std::uint32_t other, std::size_t cell) noexcept {
    const auto before = links_[other].prev;
    links_[node] = {before, other};
    links_[before].next = links_[other].prev = node;
    if (before == end_of(cell) && links_[node].next == end_of(cell)) filled_.insert(rank_of_[cell]);
  }

  void unlink(page_id page) noexcept {
    const auto [before, after] = links_[to_index(page)];
    links_[before].next = after;
    links_[after].prev = before;
    if (before == after) filled_.erase(rank_of_[before - pages_]);  // both are the end
  }

  std::vector<link> links_;  // of pages, and then of the ends of cells
  std::uint32_t pages_;
  std::vector<std::uint32_t> rank_of_;  // by cell
  std::vector<std::uint32_t> cell_at_;  // by rank
  bitmap filled_;                       // by rank
  std::size_t size_ = 0;
};

}  // namespace kvfolio::eviction
