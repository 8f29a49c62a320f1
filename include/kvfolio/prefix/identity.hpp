// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>

namespace kvfolio {

/// Names the pages of prefixes by keys, each of which depends on all that the prefix holds up to
/// there: how `prefix::hashed` tells pages apart.
///
/// | expression                         | meaning                                             |
/// |------------------------------------|-----------------------------------------------------|
/// | `T(seed)`                          | equal seeds give equal keys, in every process       |
/// | `T::key_type`                      | what names a page: 64-bit words, the first of which |
/// |                                    | spreads the pages over a table                      |
/// | `T::verifies`                      | may two pages have one key? Then the index compares |
/// |                                    | what they hold                                      |
/// | `root(realm)`                      | the key of the empty prefix                         |
/// | `next(realm, before, first,        | the key of a page of `tokens`, at positions from    |
/// | tokens)`                           | `first` on, after a page, or root, of key `before`  |
// clang-format off
template <class T>
concept prefix_identity =
    std::copyable<T> && std::constructible_from<T, std::uint64_t> &&
    std::equality_comparable<typename T::key_type> &&
    requires(const T& unchanging, const prefix_realm& realm, const typename T::key_type& before,
             std::size_t first, std::span<const token_id> tokens) {
      { unchanging.root(realm) } noexcept -> std::same_as<typename T::key_type>;
      { unchanging.next(realm, before, first, tokens) } noexcept
                                                          -> std::same_as<typename T::key_type>;
      { before[0] } -> std::convertible_to<std::uint64_t>;
      requires std::same_as<decltype(T::verifies), const bool>;
    };
// clang-format on

}  // namespace kvfolio

namespace kvfolio::prefix {

/// Keys of so many words, each by a hash of its own seed.
template <std::size_t Words, class Hash>
class chained_keys {
 public:
  using key_type = std::array<std::uint64_t, Words>;  ///< of a page

  /// Uses `seed` for every key.
  explicit chained_keys(std::uint64_t seed) noexcept
      : hashes_{Hash{seed}, Hash{mix_bits(seed + 1)}} {}

  /// The key of the empty prefix.
  [[nodiscard]] key_type root(const prefix_realm& realm) const noexcept {
    key_type key{};
    for (std::size_t i = 0; i < Words; ++i) key[i] = hashes_[i].chain(realm.words(), 0);
    return key;
  }

  /// The key of the page of `tokens` from position `first` on that follows `before`. O(tokens).
  [[nodiscard]] key_type next(const prefix_realm& realm, const key_type& before, std::size_t first,
                              std::span<const token_id> tokens) const noexcept {
    key_type key{};
    for (std::size_t i = 0; i < Words; ++i) {
      key[i] = hashes_[i].chain(before[i], hashes_[i].local(tokens));
    }
    if (realm.media.empty()) return key;
    const auto media = hashes_[0].media(realm.media, first, tokens.size());
    if (media == decltype(media){}) return key;
    for (std::size_t i = 0; i < Words; ++i) {
      key[i] = hashes_[i].chain(key[i] ^ media[0], media[1]);
    }
    return key;
  }

 private:
  static_assert(Words == 1 || Words == 2);
  std::array<Hash, 2> hashes_;
};

/// 64 bits, and whatever has them is compared with what is wanted: certain.
template <class Hash = keyed_hash>
struct basic_verified : chained_keys<1, Hash> {
  using chained_keys<1, Hash>::chained_keys;
  static constexpr bool verifies = true;  ///< keys may collide
};
/// \overload
using verified = basic_verified<>;

/// 128 bits that are trusted: reads less, and is wrong once in 2^64 pages, as long as nobody who
/// chooses tokens knows the seed.
template <class Hash = keyed_hash>
struct basic_by_128_bit : chained_keys<2, Hash> {
  using chained_keys<2, Hash>::chained_keys;
  static constexpr bool verifies = false;  ///< nothing is compared but keys
};
/// \overload
using by_128_bit = basic_by_128_bit<>;

static_assert(prefix_identity<verified> && prefix_identity<by_128_bit>);

}  // namespace kvfolio::prefix
