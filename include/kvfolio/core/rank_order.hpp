// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Pages in the order of their ranks, any of which can be hidden and shown again in its place: what
/// a policy needs whose order is not that of last use.
///
/// `Rank` is a small trivial type with `<`. Of pages with equal ranks, the one with the lower
/// number comes first, so that the order depends on nothing that happened before.
///
/// A heap of the pages that are shown (Williams, "Algorithm 232: Heapsort", CACM 7(6), 1964), of
/// four children a node, whose ranks share a cache line or two. A page whose rank is the last of
/// all is put in its place at once; so a page that was used just now mostly costs O(1). All else
/// but `first` is O(log n) in the number of pages that are shown, whatever is hidden. Costs twice
/// the size of a rank and 8 to 12 bytes per page, allocated once. All operations are `noexcept`,
/// except construction.
template <class Rank>
class rank_order {
 public:
  /// Creates an empty order for pages `[0, pages)`. \throws std::bad_alloc
  explicit rank_order(std::size_t pages) : ranks_(pages), place_of_(pages, absent), heap_(pages) {
    KVFOLIO_EXPECTS(pages < hidden);
  }

  /// Number of pages, hidden ones included.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Is `page` in the order?
  [[nodiscard]] bool contains(page_id page) const noexcept {
    return place_of_[to_index(page)] != absent;
  }

  /// Is `page` hidden? Precondition: `contains(page)`.
  [[nodiscard]] bool is_hidden(page_id page) const noexcept {
    KVFOLIO_EXPECTS(contains(page));
    return place_of_[to_index(page)] == hidden;
  }

  /// Returns the rank of `page`. Precondition: `contains(page)`.
  [[nodiscard]] const Rank& rank_of(page_id page) const noexcept {
    KVFOLIO_EXPECTS(contains(page));
    return ranks_[to_index(page)];
  }

  /// Adds `page`, shown. Precondition: `!contains(page)`.
  void insert(page_id page, const Rank& rank) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    ++size_;
    ranks_[to_index(page)] = rank;
    push(page);
  }

  /// Adds `page`, hidden. Precondition: `!contains(page)`.
  void insert_hidden(page_id page, const Rank& rank) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    ++size_;
    ranks_[to_index(page)] = rank;
    place_of_[to_index(page)] = hidden;
  }

  /// Gives `page` another rank, hidden or shown as before. Precondition: `contains(page)`.
  void change(page_id page, const Rank& rank) noexcept {
    KVFOLIO_EXPECTS(contains(page));
    ranks_[to_index(page)] = rank;
    if (!is_hidden(page)) settle(place_of_[to_index(page)], {rank, page});
  }

  /// Removes `page`. Precondition: `contains(page)`.
  void erase(page_id page) noexcept {
    if (!is_hidden(page)) pull(page);
    place_of_[to_index(page)] = absent;
    --size_;
  }

  /// `first` passes over `page` until `show(page)`. Precondition: `contains(page)`, and it is
  /// shown.
  void hide(page_id page) noexcept {
    KVFOLIO_EXPECTS(!is_hidden(page));
    pull(page);
    place_of_[to_index(page)] = hidden;
  }

  /// Undoes `hide(page)`. Precondition: `contains(page)`, and it is hidden.
  void show(page_id page) noexcept {
    KVFOLIO_EXPECTS(is_hidden(page));
    push(page);
  }

  /// Returns the first page that is not hidden; `nullopt` when there is none. O(1).
  [[nodiscard]] std::optional<page_id> first() const noexcept {
    if (shown_ == 0) return std::nullopt;
    return heap_[0].page;
  }

  /// Removes the first page that is not hidden, and returns it; `nullopt` when there is none.
  std::optional<page_id> take_first() noexcept {
    const auto page = first();
    if (page) erase(*page);
    return page;
  }

 private:
  static constexpr std::uint32_t absent = UINT32_MAX;
  static constexpr std::uint32_t hidden = absent - 1;
  static constexpr std::size_t fan_out = 4;

  struct node {
    Rank rank{};
    page_id page{};
    [[nodiscard]] bool is_before(const node& other) const noexcept {
      if (rank < other.rank) return true;
      return !(other.rank < rank) && page < other.page;
    }
  };

  void push(page_id page) noexcept { settle(shown_++, {ranks_[to_index(page)], page}); }

  // Fills the place of `page` with the last node.
  void pull(page_id page) noexcept {
    const auto place = place_of_[to_index(page)];
    const auto last = heap_[--shown_];
    if (place != shown_) settle(place, last);
  }

  void put(std::size_t place, const node& moved) noexcept {
    heap_[place] = moved;
    place_of_[to_index(moved.page)] = static_cast<std::uint32_t>(place);
  }

  // Puts `moved` where it belongs, of the places above and below `place`, which is free.
  void settle(std::size_t place, const node& moved) noexcept {
    while (place > 0 && moved.is_before(heap_[(place - 1) / fan_out])) {
      put(place, heap_[(place - 1) / fan_out]);
      place = (place - 1) / fan_out;
    }
    for (auto child = place * fan_out + 1; child < shown_; child = place * fan_out + 1) {
      const auto end = child + fan_out < shown_ ? child + fan_out : shown_;
      auto least = child;
      for (auto other = child + 1; other < end; ++other) {
        if (heap_[other].is_before(heap_[least])) least = other;
      }
      if (!heap_[least].is_before(moved)) break;
      put(place, heap_[least]);
      place = least;
    }
    put(place, moved);
  }

  std::vector<Rank> ranks_;              // by page
  std::vector<std::uint32_t> place_of_;  // by page: in heap_, or why it is not there
  std::vector<node> heap_;               // of which the first shown_ are in use
  std::size_t shown_ = 0;
  std::size_t size_ = 0;
};

}  // namespace kvfolio
