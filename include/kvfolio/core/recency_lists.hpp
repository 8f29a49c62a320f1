// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Pages from the oldest to the youngest, any of which can be hidden and shown again in its place,
/// each in one of `Lists` lists: what every policy made of LRU lists needs, as long as pages enter
/// a list at its young end. With one list, the default argument of every operation, it is
/// `recency_order`.
///
/// A linked list cannot do this in constant time: putting a page back in order is a search. Here
/// all pages lie in one ring of slots, the youngest at the head, and a list is a `bitmap` of the
/// slots of those of its pages that are shown. `FindsHidden` keeps another one of those that are
/// hidden, for policies that must find these too.
///
/// **Why the ring never runs full.** Let there be P pages. A move to the back is a push too, and
/// leaves a hole; so with each push the span from the tail to the head grows by a slot, unless a
/// `push_front` finds the one at the tail empty. Each pays for two steps of upkeep, and a
/// `push_front`, which lengthens what upkeep has yet to do, for three: in either case a net two. A
/// step is one of two things:
/// - *Trim*: an empty slot at the tail is given up, so that the span shrinks in spite of the push.
/// - *Sweep*: begun when the tail is occupied and the span is above 2P + 2, hence at 2P + 3. It
///   slides the older pages towards the head and so closes the holes. As each push takes a net two
///   slots off what is unswept, it ends within P + 2 pushes, and then the span is at most P for the
///   pages that were there, and P + 2 for the slots that the pushes took: 2P + 2. (A page that is
///   swept twice was pushed to the front in between, and is counted there.)
/// So the span never exceeds 2P + 3 and P + 2 more, and 3P + 8 slots suffice for ever.
///
/// Every operation is O(1) in the worst case, counting a `bitmap` operation as one, and `noexcept`,
/// except construction. Costs 17 bytes per page, allocated once, 1 more if there are several lists,
/// and 0.4 for each bitmap after the first.
template <std::size_t Lists, bool FindsHidden = false>
class recency_lists {
  static_assert(0 < Lists && Lists <= 256);
  static constexpr std::size_t hidden_lists = FindsHidden ? Lists : 0;
  using of_each_list = std::make_index_sequence<Lists>;
  using of_each_hidden_list = std::make_index_sequence<hidden_lists>;

 public:
  /// Creates empty lists for pages `[0, pages)`, fewer than 2^30. \throws std::bad_alloc
  explicit recency_lists(std::size_t pages)
      : slot_of_(pages, none),
        list_of_(Lists > 1 ? pages : 0),
        page_at_(3 * pages + 8, none),
        shown_{empty_sets(page_at_.size(), of_each_list{})},
        hidden_{empty_sets(page_at_.size(), of_each_hidden_list{})},
        widest_{static_cast<std::uint32_t>(2 * pages + 2)} {
    KVFOLIO_EXPECTS(pages < (std::size_t{1} << 30U));
  }

  /// Number of pages in `list`, hidden ones included.
  [[nodiscard]] std::size_t size(std::size_t list = 0) const noexcept { return sizes_[list]; }

  /// Is `page` in a list?
  [[nodiscard]] bool contains(page_id page) const noexcept {
    return slot_of_[to_index(page)] != none;
  }

  /// Returns the list of `page`. Precondition: `contains(page)`.
  [[nodiscard]] std::size_t list_of(page_id page) const noexcept {
    KVFOLIO_EXPECTS(contains(page));
    if constexpr (Lists == 1) return 0;
    return list_of_[to_index(page)];
  }

  /// Adds `page` to `list` as the youngest of all, shown. Precondition: `!contains(page)`.
  void push_back(page_id page, std::size_t list = 0) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    join(page, list);
    put_at_head(page, true);
  }

  /// Adds `page` to `list` as the oldest of all, shown. Precondition: `!contains(page)`.
  void push_front(page_id page, std::size_t list = 0) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    join(page, list);
    // Into the slot at the tail if that is empty, and yet to be swept.
    if (page_at_[tail_] != none || tail_ == from_ || tail_ == head_) tail_ = before(tail_);
    KVFOLIO_EXPECTS(tail_ != head_);
    put(page, tail_, true);
    expect_from(list, tail_);
    if (from_ == none && distance(tail_, head_) <= widest_) return;  // three steps of nothing
    for (int steps = 0; steps < 3; ++steps) upkeep();
  }

  /// Makes `page` the youngest, hidden or shown as before. Precondition: `contains(page)`.
  void move_to_back(page_id page) noexcept { put_at_head(page, take(page)); }

  /// Makes `page` the youngest, and of `list`, hidden or shown as before. Precondition:
  /// `contains(page)`.
  void move_to_back(page_id page, std::size_t list) noexcept {
    --sizes_[list_of(page)];
    const bool visible = take(page);
    join(page, list);
    put_at_head(page, visible);
  }

  /// Removes `page`. Precondition: `contains(page)`.
  void erase(page_id page) noexcept {
    KVFOLIO_EXPECTS(contains(page));
    --sizes_[list_of(page)];
    take(page);
  }

  /// `oldest` passes over `page` until `show(page)`. Precondition: `contains(page)`.
  void hide(page_id page) noexcept {
    const auto slot = slot_of_[to_index(page)];
    shown_[list_of(page)].erase(slot);
    if constexpr (FindsHidden) hidden_[list_of(page)].insert(slot);
  }

  /// Undoes `hide(page)`. Precondition: `contains(page)`.
  void show(page_id page) noexcept {
    const auto slot = slot_of_[to_index(page)];
    shown_[list_of(page)].insert(slot);
    if constexpr (FindsHidden) hidden_[list_of(page)].erase(slot);
    expect_from(list_of(page), slot);
  }

  /// Returns the oldest page of `list` that is not hidden; `nullopt` when there is none.
  [[nodiscard]] std::optional<page_id> oldest(std::size_t list = 0) const noexcept {
    return page_in(first(shown_[list], start_of(list)));
  }

  /// Removes the oldest page of `list` that is not hidden, and returns it; `nullopt` when there is
  /// none.
  std::optional<page_id> take_oldest(std::size_t list = 0) noexcept {
    const auto slot = first(shown_[list], start_of(list));
    if (slot == none) return std::nullopt;
    if constexpr (Lists > 1) start_[list] = slot;
    const page_id page{std::exchange(page_at_[slot], none)};
    slot_of_[to_index(page)] = none;
    shown_[list].erase(slot);
    --sizes_[list];
    return page;
  }

  /// Returns the oldest page of the same list that is not hidden and not older than `page`, which
  /// may be `page` itself; `nullopt` when there is none. Precondition: `contains(page)`.
  [[nodiscard]] std::optional<page_id> oldest_from(page_id page) const noexcept {
    return page_in(first(shown_[list_of(page)], slot_of_[to_index(page)]));
  }

  /// Returns the oldest page of `list`, hidden or not; `nullopt` when there is none.
  [[nodiscard]] std::optional<page_id> oldest_of_all(std::size_t list = 0) const noexcept requires
      FindsHidden {
    return first_of_all(list, tail_);
  }

  /// Returns the page of the same list that follows `page`, hidden or not; `nullopt` after the
  /// youngest. Precondition: `contains(page)`.
  [[nodiscard]] std::optional<page_id> next(page_id page) const noexcept requires FindsHidden {
    return first_of_all(list_of(page), after(slot_of_[to_index(page)]));
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  template <std::size_t... List>
  static std::array<bitmap, sizeof...(List)> empty_sets([[maybe_unused]] std::size_t slots,
                                                        std::index_sequence<List...> /*lists*/) {
    return {((void)List, bitmap{slots})...};
  }

  void join(page_id page, std::size_t list) noexcept {
    if constexpr (Lists > 1) list_of_[to_index(page)] = static_cast<std::uint8_t>(list);
    ++sizes_[list];
  }

  // A slot at or before the oldest page of `list` that is shown, as near to it as is known: among
  // the slots of other lists it is a search.
  [[nodiscard]] std::uint32_t start_of(std::size_t list) const noexcept {
    if constexpr (Lists > 1) return start_[list];
    return tail_;
  }

  // A page of `list` is shown in `slot`, where none may have been expected.
  void expect_from(std::size_t list, std::uint32_t slot) noexcept {
    if constexpr (Lists > 1) {
      if (distance(tail_, slot) < distance(tail_, start_[list])) start_[list] = slot;
    }
  }

  // Gives up the slots before `slot`, which have no pages.
  void advance_tail(std::uint32_t slot) noexcept {
    if constexpr (Lists > 1) {
      for (auto& start : start_) {
        if (distance(tail_, start) < distance(tail_, slot)) start = slot;
      }
    }
    tail_ = slot;
  }

  // The first slot of `set` from `start` on, towards the head; `none` when there is none.
  [[nodiscard]] std::uint32_t first(const bitmap& set, std::uint32_t start) const noexcept {
    if (set.empty()) return none;
    auto slot = set.next(start);
    if (!slot) slot = set.next(0);  // around the ring
    const auto found = static_cast<std::uint32_t>(*slot);
    return distance(start, found) < distance(start, head_) ? found : none;
  }

  [[nodiscard]] std::optional<page_id> page_in(std::uint32_t slot) const noexcept {
    if (slot == none) return std::nullopt;
    return page_id{page_at_[slot]};
  }

  [[nodiscard]] std::optional<page_id> first_of_all(std::size_t list,
                                                    std::uint32_t start) const noexcept {
    const auto shown = first(shown_[list], start);
    const auto hidden = first(hidden_[list], start);
    const bool is_hidden =
        shown == none || (hidden != none && distance(start, hidden) < distance(start, shown));
    return page_in(is_hidden ? hidden : shown);
  }

  // Empties the slot of `page` and says whether it was shown.
  bool take(page_id page) noexcept {
    const auto list = list_of(page);
    const auto slot = std::exchange(slot_of_[to_index(page)], none);
    page_at_[slot] = none;
    const bool was_shown = shown_[list].contains(slot);
    if (was_shown) {
      shown_[list].erase(slot);
    } else if constexpr (FindsHidden) {
      hidden_[list].erase(slot);
    }
    return was_shown;
  }

  void put(page_id page, std::uint32_t slot, bool visible) noexcept {
    slot_of_[to_index(page)] = slot;
    page_at_[slot] = static_cast<std::uint32_t>(page);
    if (visible) {
      shown_[list_of(page)].insert(slot);
    } else if constexpr (FindsHidden) {
      hidden_[list_of(page)].insert(slot);
    }
  }

  void put_at_head(page_id page, bool visible) noexcept {
    put(page, head_, visible);
    head_ = after(head_);
    KVFOLIO_EXPECTS(head_ != tail_);
    upkeep();
    upkeep();
  }

  // While sweeping, slots in [tail_, from_) are yet to be swept, those in [from_, to_) are empty,
  // and the pages that lay between are packed from to_ on. A finished sweep gives up what is below
  // to_. While not, from_ is `none`.
  void upkeep() noexcept {
    if (from_ == none) {
      if (page_at_[tail_] == none) {
        if (tail_ != head_) advance_tail(after(tail_));
      } else if (distance(tail_, head_) > widest_) {
        from_ = to_ = head_;
      }
    } else if (from_ == tail_) {
      advance_tail(to_);
      from_ = none;
    } else {
      sweep_one_slot();
    }
  }

  void sweep_one_slot() noexcept {
    from_ = before(from_);
    if (page_at_[from_] == none) return;
    to_ = before(to_);
    if (from_ == to_) return;
    const page_id page{page_at_[from_]};
    const bool visible = take(page);
    put(page, to_, visible);
  }

  [[nodiscard]] std::uint32_t slots() const noexcept {
    return static_cast<std::uint32_t>(page_at_.size());
  }
  [[nodiscard]] std::uint32_t before(std::uint32_t slot) const noexcept {
    return (slot == 0 ? slots() : slot) - 1;
  }
  [[nodiscard]] std::uint32_t after(std::uint32_t slot) const noexcept {
    return slot + 1 == slots() ? 0 : slot + 1;
  }
  // Steps from `slot` towards the head until `other`.
  [[nodiscard]] std::uint32_t distance(std::uint32_t slot, std::uint32_t other) const noexcept {
    return other - slot + (other < slot ? slots() : 0);
  }

  std::vector<std::uint32_t> slot_of_;       // by page
  std::vector<std::uint8_t> list_of_;        // by page; none if there is one list
  std::vector<std::uint32_t> page_at_;       // by slot
  std::array<bitmap, Lists> shown_;          // by list, of slots
  std::array<bitmap, hidden_lists> hidden_;  // likewise
  std::array<std::size_t, Lists> sizes_{};
  std::array<std::uint32_t, Lists> start_{};  // by list: none of its pages shown is older
  std::uint32_t widest_;                      // span that is kept without a sweep
  std::uint32_t tail_ = 0;                    // every page lies in [tail_, head_), around the ring
  std::uint32_t head_ = 0;
  std::uint32_t from_ = none;
  std::uint32_t to_ = 0;
};

}  // namespace kvfolio
