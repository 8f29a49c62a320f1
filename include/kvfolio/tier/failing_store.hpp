// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/tier/store.hpp>

namespace kvfolio::tier {

/// Fails when it is told to, as a store may: to test what a caller does when a device is full or a
/// server goes away at any given moment. `Store` is the caller's and must outlive it. Then `put`
/// gives `errc::store_failed`, and `get` misses, after it has overwritten all of `out`.
template <page_store Store>
class failing_store {
 public:
  /// Does what `store` does, so far.
  explicit failing_store(Store& store) noexcept : store_{&store} {}

  /// Lets `operations` more succeed, each of a batch counting, and none after them.
  void fail_after(std::uint64_t operations) noexcept { left_ = operations; }
  /// Ends that.
  void recover() noexcept { left_ = unlimited; }

  /// Bytes of a page.
  [[nodiscard]] std::size_t page_bytes() const noexcept { return store_->page_bytes(); }

  /// Puts it, or fails.
  [[nodiscard]] result<void> put(const store_key& key, std::span<const std::byte> bytes) noexcept {
    if (!works()) return errc::store_failed;
    return store_->put(key, bytes);
  }

  /// Gets it, or fails.
  [[nodiscard]] bool get(const store_key& key, std::span<std::byte> out) noexcept {
    if (works()) return store_->get(key, out);
    std::fill(out.begin(), out.end(), std::byte{0xee});
    return false;
  }

  /// Is it there? Not if that fails.
  [[nodiscard]] bool contains(const store_key& key) noexcept {
    return works() && store_->contains(key);
  }

  /// Forgets it, or fails.
  bool erase(const store_key& key) noexcept { return works() && store_->erase(key); }

  /// `put` each.
  [[nodiscard]] result<void> put_many(std::span<const store_write> writes) noexcept {
    return put_each(*this, writes);
  }

  /// `get` each.
  std::size_t get_many(std::span<store_read> reads) noexcept { return get_each(*this, reads); }

  /// That of the store; it does not fail.
  [[nodiscard]] store_usage usage() noexcept { return store_->usage(); }

 private:
  static constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();

  // Does the next operation succeed?
  bool works() noexcept {
    if (left_ == 0) return false;
    if (left_ != unlimited) --left_;
    return true;
  }

  Store* store_;
  std::uint64_t left_ = unlimited;
};

}  // namespace kvfolio::tier
