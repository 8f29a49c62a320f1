// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/key_index.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Remembers a bounded number of content keys, each in one of `Lists` lists from the oldest to the
/// youngest: the ghosts of an eviction policy. When it is full, it forgets the oldest of all.
///
/// A key that is remembered has a *slot* in `[0, capacity())` until it is forgotten, by which a
/// policy may keep more about it. Expected O(1); 44 to 52 bytes per key, allocated once. All
/// operations are `noexcept`, except construction.
template <std::size_t Lists = 1>
class key_history {
  static_assert(0 < Lists && Lists < 255);

 public:
  /// Remembers up to `capacity` keys, none yet. \throws std::bad_alloc
  explicit key_history(std::size_t capacity)
      : index_{capacity}, nodes_(capacity + Lists), arrival_(capacity) {
    for (auto end = capacity; end < nodes_.size(); ++end) {
      nodes_[end] = {static_cast<std::uint32_t>(end), static_cast<std::uint32_t>(end), 0};
    }
  }

  /// Number of keys that it remembers at most.
  [[nodiscard]] std::size_t capacity() const noexcept { return arrival_.size(); }

  /// Number of keys in `list`.
  [[nodiscard]] std::size_t size(std::size_t list = 0) const noexcept { return sizes_[list]; }

  /// Returns the slot of `key`; `nullopt` if it is not remembered.
  [[nodiscard]] std::optional<std::size_t> find(content_key key) const noexcept {
    const auto found = index_.find(key);
    if (!found) return std::nullopt;
    return to_index(*found);
  }

  /// Returns the list of the key in `slot`. Precondition: `slot` is in use.
  [[nodiscard]] std::size_t list_of(std::size_t slot) const noexcept {
    KVFOLIO_EXPECTS(index_.contains(to_page(slot)));
    return nodes_[slot].list;
  }

  /// Remembers `key` as the youngest of `list`, and returns its slot; `nullopt` if the capacity is
  /// nothing. Precondition: `!find(key)`.
  std::optional<std::size_t> remember(content_key key, std::size_t list = 0) noexcept {
    if (capacity() == 0) return std::nullopt;
    if (free_ == none && fresh_ == capacity()) forget(oldest());
    const auto slot = free_ == none ? fresh_++ : free_;
    if (slot == free_) free_ = nodes_[slot].next;
    index_.insert(key, to_page(slot));
    arrival_[slot] = ++arrivals_;
    const auto end = static_cast<std::uint32_t>(capacity() + list);
    const auto last = nodes_[end].prev;
    nodes_[slot] = {last, end, static_cast<std::uint8_t>(list)};
    nodes_[last].next = nodes_[end].prev = slot;
    ++sizes_[list];
    return slot;
  }

  /// Forgets the key in `slot`. Precondition: `slot` is in use.
  void forget(std::size_t slot) noexcept {
    index_.erase(to_page(slot));
    auto& node = nodes_[slot];
    nodes_[node.prev].next = node.next;
    nodes_[node.next].prev = node.prev;
    --sizes_[node.list];
    node.next = free_;
    free_ = static_cast<std::uint32_t>(slot);
  }

  /// Forgets the oldest key of `list`, if it has any.
  void forget_oldest(std::size_t list) noexcept {
    if (size(list) > 0) forget(nodes_[capacity() + list].next);
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct link {
    std::uint32_t prev = none;
    std::uint32_t next = none;
    std::uint8_t list = 0;
  };

  // The slot of the oldest key of all. Precondition: there is a key.
  [[nodiscard]] std::size_t oldest() const noexcept {
    std::size_t found = capacity();
    for (std::size_t list = 0; list < Lists; ++list) {
      const std::size_t first = nodes_[capacity() + list].next;
      if (first >= capacity()) continue;
      if (found == capacity() || arrival_[first] < arrival_[found]) found = first;
    }
    return found;
  }

  key_index index_;                     // a slot is what the index calls a page
  std::vector<link> nodes_;             // by slot, and then the ends of the lists
  std::vector<std::uint64_t> arrival_;  // by slot
  std::array<std::size_t, Lists> sizes_{};
  std::uint64_t arrivals_ = 0;
  std::uint32_t fresh_ = 0;    // slots from here on were never used
  std::uint32_t free_ = none;  // slots in use no longer, chained by `next`
};

}  // namespace kvfolio
