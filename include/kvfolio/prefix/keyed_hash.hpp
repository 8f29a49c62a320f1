// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/concept.hpp>

namespace kvfolio::prefix {

/// Hashes pages of tokens into chained keys: equal prefixes in equal scopes have equal keys, in
/// every process that has the same seed.
///
/// Each step folds the 128-bit product of two words (Wang Yi, wyhash, 2019), about 0.06 ns a byte.
/// Without the seed nobody can choose tokens that collide by design; it is no cryptographic hash,
/// so what must be certain is verified, or uses another identity. A value of 8 bytes.
class keyed_hash {
 public:
  /// Uses `seed` for every key.
  explicit constexpr keyed_hash(std::uint64_t seed) noexcept : seed_{seed} {}

  /// The part of a page's key that depends on its tokens alone. Independent of the other pages, so
  /// that many can be computed at a time. The tokens are framed by their number.
  [[nodiscard]] std::uint64_t local(std::span<const token_id> tokens) const noexcept {
    auto one = seed_ ^ secret[1];
    auto other = tokens.size() ^ secret[2];
    const auto* at = tokens.data();
    auto rest = tokens.size();
    for (; rest >= 8; rest -= 8, at += 8) {
      one = fold(one ^ load(at), secret[0] ^ load(at + 2));
      other = fold(other ^ load(at + 4), secret[1] ^ load(at + 6));
    }
    for (; rest >= 2; rest -= 2, at += 2) one = fold(one ^ load(at), secret[2]);
    if (rest != 0) other = fold(other ^ static_cast<std::uint32_t>(*at), secret[0]);
    return fold(one, other);
  }

  /// The key of a page that follows what `before` names, from the part that its tokens give.
  [[nodiscard]] constexpr std::uint64_t chain(std::uint64_t before,
                                              std::uint64_t local_part) const noexcept {
    return fold(before ^ secret[1], local_part ^ secret[2]);
  }
  /// The same for the first page of a prefix. The words of the realm are the callers' to choose, so
  /// each is mixed in by a bijection, which no word can bring to a stop.
  [[nodiscard]] constexpr std::uint64_t chain(const realm_words& realm,
                                              std::uint64_t local_part) const noexcept {
    auto scope = mix_bits(seed_ ^ secret[0]);
    for (const auto word : realm) scope = mix_bits(scope ^ word) + secret[1];
    return chain(scope, local_part);
  }

  /// What the media that overlap the page of positions `[first, first + count)` add to its
  /// identity: their digests and where they lie relative to it; zero where none does.
  [[nodiscard]] constexpr std::array<std::uint64_t, 2> media(std::span<const media_span> spans,
                                                             std::size_t first,
                                                             std::size_t count) const noexcept {
    std::array<std::uint64_t, 2> mixed{};
    for (const auto& span : spans) {
      if (!span.overlaps(first, count)) continue;
      const auto offset = span.first_token - first;  // modulo 2^64 where it began before
      mixed[0] = fold(mixed[0] ^ span.digest[0] ^ secret[0], offset ^ secret[1]) | 1U;
      mixed[1] = fold(mixed[1] ^ span.digest[1] ^ secret[2], span.tokens ^ mixed[0]);
    }
    return mixed;
  }

 private:
  static constexpr std::array<std::uint64_t, 3> secret{0xa0761d6478bd642fU, 0xe7037ed1a0b428dbU,
                                                       0x8ebc6af09c88c6e3U};
  __extension__ using wide = unsigned __int128;

  [[nodiscard]] static constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }
  [[nodiscard]] static std::uint64_t load(const token_id* at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof(word));
    return word;
  }

  std::uint64_t seed_;
};

}  // namespace kvfolio::prefix
