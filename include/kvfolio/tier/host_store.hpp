// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/memory/block.hpp>
#include <kvfolio/memory/concept.hpp>
#include <kvfolio/tier/slot_directory.hpp>
#include <kvfolio/tier/store.hpp>

namespace kvfolio::tier {

/// Keeps pages in the memory of `Source`, in slots that are taken once; when it is full, it gives
/// up the page that was used least recently. Lost with the process.
///
/// `put` and `get` are expected O(1) and one copy. Costs 60 bytes per page beside the pages. One
/// owner thread.
template <host_memory Source>
class host_store {
 public:
  /// Makes room for `pages` pages of `page_bytes` bytes. \throws std::bad_alloc if `source` has not
  /// that many \throws std::length_error if nothing could
  host_store(std::size_t page_bytes, std::size_t pages, Source source = Source{})
      : page_bytes_{page_bytes},
        directory_{pages},
        slots_{std::move(source), checked_mul(page_bytes, pages)} {}

  /// Bytes of a page.
  [[nodiscard]] std::size_t page_bytes() const noexcept { return page_bytes_; }

  /// Keeps a copy of `bytes`. `errc::store_full` only if it was made for no pages.
  [[nodiscard]] result<void> put(const store_key& key, std::span<const std::byte> bytes) noexcept {
    KVFOLIO_EXPECTS(bytes.size() == page_bytes_);
    if (directory_.slots() == 0) return errc::store_full;
    if (const auto slot = directory_.find(key)) {
      directory_.touch(*slot);
    } else {
      std::memcpy(at(directory_.take(key)), bytes.data(), page_bytes_);
    }
    return {};
  }

  /// Copies the page `key` to `out`, if it is there.
  [[nodiscard]] bool get(const store_key& key, std::span<std::byte> out) noexcept {
    KVFOLIO_EXPECTS(out.size() == page_bytes_);
    const auto slot = directory_.find(key);
    if (!slot) return false;
    directory_.touch(*slot);
    std::memcpy(out.data(), at(*slot), page_bytes_);
    return true;
  }

  /// Is it there?
  [[nodiscard]] bool contains(const store_key& key) const noexcept {
    return directory_.find(key).has_value();
  }

  /// Forgets `key`; was it there?
  bool erase(const store_key& key) noexcept {
    const auto slot = directory_.find(key);
    if (slot) directory_.erase(*slot);
    return slot.has_value();
  }

  /// `put` each.
  [[nodiscard]] result<void> put_many(std::span<const store_write> writes) noexcept {
    return put_each(*this, writes);
  }

  /// `get` each.
  std::size_t get_many(std::span<store_read> reads) noexcept { return get_each(*this, reads); }

  /// The page that `put(key, ...)` would give up. Its bytes are valid until the store changes.
  [[nodiscard]] std::optional<store_write> leaving(const store_key& key) const noexcept {
    const auto slot = directory_.victim();
    if (!slot || contains(key)) return std::nullopt;
    return page_in(*slot);
  }

  /// Calls `visit` for every page, as a `store_write`. O(pages that fit).
  template <class Visit>
  void for_each_page(Visit&& visit) const {
    for (std::size_t slot = 0; slot < directory_.slots(); ++slot) {
      if (directory_.in_use(slot)) visit(page_in(slot));
    }
  }

  /// How full it is.
  [[nodiscard]] store_usage usage() const noexcept {
    return {.bytes = directory_.size() * page_bytes_,
            .capacity = directory_.slots() * page_bytes_,
            .entries = directory_.size()};
  }

 private:
  [[nodiscard]] std::byte* at(std::size_t slot) const noexcept {
    return slots_.bytes().data() + slot * page_bytes_;
  }
  [[nodiscard]] store_write page_in(std::size_t slot) const noexcept {
    return {directory_.key_of(slot), {at(slot), page_bytes_}};
  }

  std::size_t page_bytes_;
  slot_directory directory_;
  memory::block<Source> slots_;
};

}  // namespace kvfolio::tier
