// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/key_index.hpp>
#include <kvfolio/core/recency_order.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::tier {

/// Which page is in which of a fixed number of equal slots, and which one was used least recently:
/// what a store knows, wherever its slots are.
///
/// Expected O(1); 60 bytes per slot, allocated once. All operations are `noexcept`, except
/// construction. One owner thread.
class slot_directory {
 public:
  /// Knows `slots` slots, all of them free. \throws std::bad_alloc
  explicit slot_directory(std::size_t slots)
      : index_{slots}, order_{slots}, free_{slots}, keys_(slots) {
    for (std::size_t slot = 0; slot < slots; ++slot) free_.insert(slot);
  }

  /// Number of slots.
  [[nodiscard]] std::size_t slots() const noexcept { return keys_.size(); }
  /// Number of slots in use.
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

  /// Returns the slot of `key`; `nullopt` if it has none.
  [[nodiscard]] std::optional<std::size_t> find(const store_key& key) const noexcept {
    const auto found = index_.find(short_key(key));
    if (!found || keys_[to_index(*found)] != key) return std::nullopt;
    return to_index(*found);
  }

  /// Returns the key of `slot`. Precondition: it is in use.
  [[nodiscard]] const store_key& key_of(std::size_t slot) const noexcept {
    KVFOLIO_EXPECTS(in_use(slot));
    return keys_[slot];
  }
  /// Is a page in `slot`?
  [[nodiscard]] bool in_use(std::size_t slot) const noexcept { return !free_.contains(slot); }

  /// Returns the slot that `take` of a new key would empty; `nullopt` if one is free, or none are.
  [[nodiscard]] std::optional<std::size_t> victim() const noexcept {
    if (free_.next(0)) return std::nullopt;
    const auto oldest = order_.oldest();
    return oldest ? std::optional{to_index(*oldest)} : std::nullopt;
  }

  /// `slot` was used. Precondition: it is in use.
  void touch(std::size_t slot) noexcept { order_.move_to_back(to_page(slot)); }

  /// Returns the slot that `take` of a new key gives it: the first free one, or else the
  /// `victim()`. Precondition: `slots() > 0`.
  [[nodiscard]] std::size_t next_slot() const noexcept {
    const auto old = victim();
    return old ? *old : *free_.next(0);
  }

  /// Gives `next_slot()` to `key` and returns it; whatever was in it is forgotten. Precondition:
  /// `slots() > 0` and `!find(key)`.
  std::size_t take(const store_key& key) noexcept {
    KVFOLIO_EXPECTS(slots() > 0 && !find(key));
    const auto slot = next_slot();
    vacate(slot);
    place(slot, key);
    return slot;
  }

  /// `slot` holds `key`, and no other slot does. Precondition: `slot` is free.
  void place(std::size_t slot, const store_key& key) noexcept {
    KVFOLIO_EXPECTS(free_.contains(slot));
    // The other may hold a key that only looks the same to the index: never, in practice.
    if (const auto other = index_.find(short_key(key))) erase(to_index(*other));
    index_.insert(short_key(key), to_page(slot));
    order_.push_back(to_page(slot));
    free_.erase(slot);
    keys_[slot] = key;
  }

  /// `slot` is free, whether it was in use or not.
  void vacate(std::size_t slot) noexcept {
    if (in_use(slot)) erase(slot);
  }

  /// `slot` is free. Precondition: it was in use.
  void erase(std::size_t slot) noexcept {
    index_.erase(to_page(slot));
    order_.erase(to_page(slot));
    free_.insert(slot);
  }

 private:
  // What the index goes by. The whole key is compared afterwards.
  static content_key short_key(const store_key& key) noexcept { return content_key{key.words[0]}; }

  key_index index_;  // a slot is what core calls a page
  recency_order order_;
  bitmap free_;
  std::vector<store_key> keys_;  // by slot
};

}  // namespace kvfolio::tier
