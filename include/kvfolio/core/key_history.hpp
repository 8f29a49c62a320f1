// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/key_index.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Remembers a bounded number of content keys, each in one of `Lists` lists from the oldest to the
/// youngest: the ghosts of an eviction policy. When it is full, it forgets the oldest of all.
///
/// A key that is remembered has a *slot* in `[0, capacity())` until it is forgotten, and a `Note`,
/// a small trivial type, of which the policy makes what it likes; a slot keeps its note when its
/// key is forgotten. Expected O(1); 32 to 40 bytes per key if there is one list, and 40 to 48 if
/// there are several, with what a note takes, allocated once. All operations are `noexcept`, except
/// construction.
template <std::size_t Lists = 1, class Note = no_note>
class key_history {
  static_assert(0 < Lists && Lists < 255);

 public:
  /// Remembers up to `capacity` keys, none yet. \throws std::bad_alloc
  explicit key_history(std::size_t capacity) : key_history{capacity, capacity} {}

  /// The same, of which there are about `usual` at a time. \throws std::bad_alloc
  key_history(std::size_t capacity, std::size_t usual)
      : index_{capacity + Lists, std::min(capacity, usual)},
        capacity_{static_cast<std::uint32_t>(capacity)} {
    for (std::size_t list = 0; list < Lists; ++list)
      link(end_of(list)) = {end_of(list), end_of(list)};
  }

  /// Number of keys that it remembers at most.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Number of keys in `list`.
  [[nodiscard]] std::size_t size(std::size_t list = 0) const noexcept { return sizes_[list]; }

  /// Fetches into the cache what `find(key)` and `remember(key)` will read first.
  void prefetch(content_key key) const noexcept { index_.prefetch(key); }

  /// Returns the slot of `key`; `nullopt` if it is not remembered.
  [[nodiscard]] std::optional<std::size_t> find(content_key key) const noexcept {
    const auto found = index_.find(key);
    if (!found) return std::nullopt;
    return to_index(*found);
  }

  /// Returns the list of the key in `slot`. Precondition: `slot` is in use.
  [[nodiscard]] std::size_t list_of(std::size_t slot) const noexcept {
    KVFOLIO_EXPECTS(index_.contains(to_page(slot)));
    return list_of_any(slot);
  }

  /// The note of `slot`.
  [[nodiscard]] Note& note(std::size_t slot) noexcept { return index_.note(to_page(slot)).note; }

  /// Remembers `key` as the youngest of `list`, and returns its slot; `nullopt` if the capacity is
  /// nothing. Precondition: `!find(key)`.
  std::optional<std::size_t> remember(content_key key, std::size_t list = 0) noexcept {
    if (capacity() == 0) return std::nullopt;
    if (free_ == none && fresh_ == capacity()) forget(oldest());
    const auto slot = free_ == none ? fresh_++ : free_;
    if (slot == free_) free_ = link(slot).next;
    index_.insert(key, to_page(slot));
    const auto end = end_of(list);
    const auto last = link(end).previous;
    link(slot) = {last, end};
    link(last).next = link(end).previous = slot;
    if constexpr (Lists > 1) order_of(slot).arrival_and_list = ++arrivals_ << 8U | list;
    ++sizes_[list];
    return slot;
  }

  /// Forgets the key in `slot`. Precondition: `slot` is in use.
  void forget(std::size_t slot) noexcept {
    index_.erase(to_page(slot));
    auto& self = link(slot);
    link(self.previous).next = self.next;
    link(self.next).previous = self.previous;
    --sizes_[list_of_any(slot)];
    self.next = free_;
    free_ = static_cast<std::uint32_t>(slot);
  }

  /// Forgets the oldest key of `list`, if it has any.
  void forget_oldest(std::size_t list) noexcept {
    if (size(list) > 0) forget(link(end_of(list)).next);
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  // Of a list: the slots before and after one, or the end, which is both at either end.
  struct neighbours {
    std::uint32_t previous = none;
    std::uint32_t next = none;
  };
  struct no_order {};
  struct arrival_order {
    std::uint64_t arrival_and_list = 0;  // the list in the lowest byte
  };
  struct slot_note {
    neighbours links{};
    [[no_unique_address]] std::conditional_t<Lists == 1, no_order, arrival_order> order{};
    [[no_unique_address]] Note note{};
  };

  [[nodiscard]] neighbours& link(std::size_t slot) noexcept {
    return index_.note(to_page(slot)).links;
  }
  [[nodiscard]] auto& order_of(std::size_t slot) noexcept {
    return index_.note(to_page(slot)).order;
  }
  [[nodiscard]] const auto& order_of(std::size_t slot) const noexcept {
    return index_.note(to_page(slot)).order;
  }
  [[nodiscard]] std::size_t list_of_any(std::size_t slot) const noexcept {
    if constexpr (Lists == 1) {
      return 0;
    } else {
      return order_of(slot).arrival_and_list % 256;
    }
  }
  [[nodiscard]] std::uint32_t end_of(std::size_t list) const noexcept {
    return capacity_ + static_cast<std::uint32_t>(list);
  }

  // The slot of the oldest key of all. Precondition: there is a key.
  [[nodiscard]] std::size_t oldest() noexcept {
    std::size_t found = link(end_of(0)).next;
    if constexpr (Lists > 1) {
      for (std::size_t list = 1; list < Lists; ++list) {
        const std::size_t first = link(end_of(list)).next;
        if (first >= capacity()) continue;
        if (found >= capacity() ||
            order_of(first).arrival_and_list < order_of(found).arrival_and_list)
          found = first;
      }
    }
    return found;
  }

  noted_key_index<slot_note> index_;  // a slot is what the index calls a page; then the lists' ends
  std::uint32_t capacity_;
  std::array<std::size_t, Lists> sizes_{};
  std::uint64_t arrivals_ = 0;
  std::uint32_t fresh_ = 0;    // slots from here on were never used
  std::uint32_t free_ = none;  // slots in use no longer, chained by `next`
};

}  // namespace kvfolio
