// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include <kvfolio/core/result.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::tier {

/// A page to be put into a store.
struct store_write {
  store_key key;                     ///< its name
  std::span<const std::byte> bytes;  ///< all of it
};

/// A page to be got from a store.
struct store_read {
  store_key key;               ///< its name
  std::span<std::byte> bytes;  ///< where it goes
  bool hit = false;            ///< is it there now? Written by the store
};

/// How full a store is. What is in two places counts twice.
struct store_usage {
  std::size_t bytes = 0;     ///< of all pages that it keeps
  std::size_t capacity = 0;  ///< bytes that it can keep; `SIZE_MAX` if it does not know
  std::size_t entries = 0;   ///< pages that it keeps

  /// Equal in every member.
  friend constexpr bool operator==(const store_usage&, const store_usage&) = default;
};

/// Keeps pages by key, as long as it likes: what it lost is computed again.
///
/// With `key` a `store_key`, `bytes` and `out` spans of `page_bytes()` bytes:
///
/// | expression         | meaning                                                                |
/// |--------------------|------------------------------------------------------------------------|
/// | `page_bytes()`     | bytes of each page, one number for the life of the store               |
/// | `put(key, bytes)`  | keeps a copy of `bytes`; a full store gives up older pages for it.     |
/// |                    | `errc::store_full` if it has no room for any, `errc::store_failed` if  |
/// |                    | it cannot write; then the page may be there whole, or not at all       |
/// | `get(key, out)`    | is it there? Then `out` is what was put, byte for byte                 |
/// | `contains(key)`    | would `get` likely find it? Leaves no trace                            |
/// | `erase(key)`       | forgets `key`; was it there?                                           |
/// | `put_many(writes)` | `put` each; the first failure is returned, and what follows it may or  |
/// |                    | may not be kept                                                        |
/// | `get_many(reads)`  | `get` each and say so in its `hit`; returns the number of hits         |
/// | `usage()`          | a `store_usage`; may ask a device or a server                          |
///
/// **Why a miss is never an error.** A page that is absent, evicted, damaged, another model's or
/// beyond a broken connection costs the same: it is computed again. So every `get` that cannot give
/// the very bytes that were put says `false`, and what it wrote to `out` by then is unspecified.
///
/// **Why equal keys mean equal bytes.** Keys are made of what pages hold, so a store may keep what
/// it has when a key is put again. Precondition: it is the same page.
// clang-format off
template <class S>
concept page_store =
    requires(S& store, const S& unchanging, const store_key& key, std::span<const std::byte> bytes,
             std::span<std::byte> out, std::span<const store_write> writes,
             std::span<store_read> reads) {
      { unchanging.page_bytes() } noexcept -> std::same_as<std::size_t>;
      { store.put(key, bytes) }   noexcept -> std::same_as<result<void>>;
      { store.get(key, out) }     noexcept -> std::same_as<bool>;
      { store.contains(key) }     noexcept -> std::same_as<bool>;
      { store.erase(key) }        noexcept -> std::same_as<bool>;
      { store.put_many(writes) }  noexcept -> std::same_as<result<void>>;
      { store.get_many(reads) }   noexcept -> std::same_as<std::size_t>;
      { store.usage() }           noexcept -> std::same_as<store_usage>;
    };
// clang-format on

/// `put_many` of a store that gains nothing by batches.
template <class Store>
[[nodiscard]] result<void> put_each(Store& store, std::span<const store_write> writes) noexcept {
  result<void> all;
  for (const auto& write : writes) {
    const auto one = store.put(write.key, write.bytes);
    if (all && !one) all = one;
  }
  return all;
}

/// `get_many` of a store that gains nothing by batches.
template <class Store>
std::size_t get_each(Store& store, std::span<store_read> reads) noexcept {
  std::size_t hits = 0;
  for (auto& read : reads) {
    read.hit = store.get(read.key, read.bytes);
    if (read.hit) ++hits;
  }
  return hits;
}

}  // namespace kvfolio::tier
