// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <mutex>
#include <span>

#include <kvfolio/core/result.hpp>
#include <kvfolio/tier/store.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::tier {

/// `Store`, for several threads: a cache erases what came back while a `transfer_thread` stores
/// what leaves. Each operation waits for the one before it, a batch being one. Costs a mutex.
template <page_store Store, class Mutex = std::mutex>
class synchronized_store {
 public:
  /// Shares `store`, which must outlive it.
  explicit synchronized_store(Store& store) noexcept : store_{store} {}

  /// As `Store`'s.
  [[nodiscard]] std::size_t page_bytes() const noexcept { return store_.page_bytes(); }
  /// As `Store`'s.
  [[nodiscard]] result<void> put(const store_key& key, std::span<const std::byte> bytes) noexcept {
    const std::lock_guard lock{mutex_};
    return store_.put(key, bytes);
  }
  /// As `Store`'s.
  [[nodiscard]] bool get(const store_key& key, std::span<std::byte> out) noexcept {
    const std::lock_guard lock{mutex_};
    return store_.get(key, out);
  }
  /// As `Store`'s.
  [[nodiscard]] bool contains(const store_key& key) noexcept {
    const std::lock_guard lock{mutex_};
    return store_.contains(key);
  }
  /// As `Store`'s.
  bool erase(const store_key& key) noexcept {
    const std::lock_guard lock{mutex_};
    return store_.erase(key);
  }
  /// As `Store`'s.
  [[nodiscard]] result<void> put_many(std::span<const store_write> writes) noexcept {
    const std::lock_guard lock{mutex_};
    return store_.put_many(writes);
  }
  /// As `Store`'s.
  std::size_t get_many(std::span<store_read> reads) noexcept {
    const std::lock_guard lock{mutex_};
    return store_.get_many(reads);
  }
  /// As `Store`'s.
  [[nodiscard]] store_usage usage() noexcept {
    const std::lock_guard lock{mutex_};
    return store_.usage();
  }

 private:
  Store& store_;
  Mutex mutex_;
};

}  // namespace kvfolio::tier
