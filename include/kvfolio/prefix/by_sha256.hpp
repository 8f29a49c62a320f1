// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <kvfolio/core/sha256.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/identity.hpp>

namespace kvfolio::prefix {

/// Keys that are states of SHA-256, and trusted: nobody can make two prefixes of one key, not even
/// who knows the seed. For pages shared by tenants who do not trust each other, or named to a
/// store, where tokens cannot be compared: `prefix::hashed<prefix::by_sha256>`.
///
/// The state of the empty prefix is that after a block of the seed, the four words of the realm,
/// and zeros. A page adds its tokens, a block of 64 bytes for 16 of them, at the price of the
/// longest chain of operations that there is in one. If they do not fill blocks, or media overlap
/// the page, more follow: what is left of the tokens, and zeros; for each medium where it begins,
/// relative to the page, how many tokens it has, and its digest; and, with all bits of the state
/// before it flipped, so that no tokens can pass for it (Hirose, Park and Yun, "A simple variant of
/// the Merkle-Damgard scheme with a permutation", ASIACRYPT 2007), the numbers of the page's tokens
/// and media. Words have 64 bits and are as the machine stores them, so keys are equal wherever
/// bytes are in the same order.
///
/// **Why a state is as good as a digest.** Of two different prefixes with one key, take the first
/// block in which they differ: either two blocks change equal or different states to the same one,
/// which is a collision of SHA-256's compression function, or one prefix is the end of the other,
/// and its blocks lead from the initial state back to it. Both are what SHA-256 rests on.
///
/// A value of 16 bytes.
class by_sha256 {
 public:
  using key_type = std::array<std::uint64_t, 4>;  ///< a state
  static constexpr bool verifies = false;         ///< nothing is compared but keys

  /// Uses `seed` for every key.
  explicit by_sha256(std::uint64_t seed) noexcept : seed_{seed}, how_{sha256::best()} {}

  /// The key of the empty prefix.
  [[nodiscard]] key_type root(const prefix_realm& realm) const noexcept {
    const auto [salt, adapter, version, epoch] = realm.words();
    auto state = sha256::initial;
    add(state, {seed_, salt, adapter, version, epoch});
    return std::bit_cast<key_type>(state);
  }

  /// The key of the page of `tokens` from position `first` on that follows `before`. O(tokens) and
  /// O(media).
  [[nodiscard]] key_type next(const prefix_realm& realm, const key_type& before, std::size_t first,
                              std::span<const token_id> tokens) const noexcept {
    auto state = std::bit_cast<sha256::state>(before);
    const auto bytes = std::as_bytes(tokens);
    const auto rest = bytes.size() % sha256::block;
    sha256::compress(state, bytes.first(bytes.size() - rest), how_);
    if (rest != 0 || !realm.media.empty()) add_end(state, realm.media, first, tokens);
    return std::bit_cast<key_type>(state);
  }

 private:
  using block = std::array<std::uint64_t, sha256::block / sizeof(std::uint64_t)>;

  void add(sha256::state& state, const block& words) const noexcept {
    sha256::compress(state, std::as_bytes(std::span{words}), how_);
  }

  // What follows the whole blocks of `tokens`, if anything does.
  void add_end(sha256::state& state, std::span<const media_span> media, std::size_t first,
               std::span<const token_id> tokens) const noexcept {
    const auto rest = std::as_bytes(tokens).last(tokens.size_bytes() % sha256::block);
    if (!rest.empty()) {
      block words{};
      std::memcpy(words.data(), rest.data(), rest.size());
      add(state, words);
    }
    std::uint64_t overlapping = 0;
    for (const auto& span : media) {
      if (!span.overlaps(first, tokens.size())) continue;
      ++overlapping;  // it may have begun before: modulo 2^64
      add(state, {span.first_token - first, span.tokens, span.digest[0], span.digest[1]});
    }
    if (rest.empty() && overlapping == 0) return;
    for (auto& word : state) word = ~word;
    add(state, {tokens.size(), overlapping});
  }

  std::uint64_t seed_;
  sha256::means how_;
};

static_assert(prefix_identity<by_sha256>);

}  // namespace kvfolio::prefix
