// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <kvfolio/core/config.hpp>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace kvfolio {

/// Hashes bytes that come piece by piece: SHA-256 of NIST, FIPS 180-4, 2015, section 6.2.
///
/// Where the processor has instructions for it (Intel and AMD's SHA extensions), which is found out
/// when the program runs, a block of 64 bytes takes a fifth of what portable code does. Both give
/// the same digest. A value of 112 bytes; allocates nothing. Opt-in, because what it includes is
/// long.
class sha256 {
 public:
  using digest = std::array<std::uint8_t, 32>;  ///< the first byte first, as it is written
  using state = std::array<std::uint32_t, 8>;   ///< between two blocks
  static constexpr std::size_t block = 64;      ///< bytes that are hashed at a time

  /// The state before the first block: of the square roots of the first eight primes.
  static constexpr state initial{0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                 0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};

  /// How it is computed.
  enum class means : std::uint8_t {
    portable,     ///< by any processor
    instructions  ///< by SHA extensions
  };

  /// The fastest means that this processor has. O(1); asks it each time.
  [[nodiscard]] static means best() noexcept {
#if defined(__x86_64__)
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    const bool shuffles = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_1) != 0;
    const bool hashes = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & (1U << 29U)) != 0;
    if (shuffles && hashes) return means::instructions;
#endif
    return means::portable;
  }

  /// Changes `at` by whole `blocks`: the function that the hash is made of, for who frames his
  /// blocks himself. O(blocks). Precondition: the bytes are a multiple of `block`, and the
  /// processor has `how`.
  static void compress(state& at, std::span<const std::byte> blocks, means how) noexcept {
    KVFOLIO_EXPECTS(blocks.size() % block == 0);
#if defined(__x86_64__)
    if (how == means::instructions) return compress_by_instructions(at, blocks);
#endif
    KVFOLIO_EXPECTS(how == means::portable);
    for (; !blocks.empty(); blocks = blocks.subspan(block)) compress_one(at, blocks.data());
  }

  /// Nothing was added yet. Precondition: the processor has `how`.
  explicit sha256(means how = best()) noexcept : how_{how} {}

  /// Adds `bytes` to what is hashed. O(bytes).
  void add(std::span<const std::byte> bytes) noexcept {
    if (bytes.empty()) return;
    const auto held = bytes_ % block;
    bytes_ += bytes.size();
    if (held != 0) {
      const auto some = std::min(block - held, bytes.size());
      std::memcpy(pending_.data() + held, bytes.data(), some);
      if (held + some < block) return;
      compress(state_, pending_, how_);
      bytes = bytes.subspan(some);
    }
    const auto whole = bytes.size() / block * block;
    compress(state_, bytes.first(whole), how_);
    const auto rest = bytes.subspan(whole);
    if (!rest.empty()) std::memcpy(pending_.data(), rest.data(), rest.size());
  }

  /// The hash of all that was added. Precondition: nothing is added, or asked, afterwards.
  [[nodiscard]] digest finish() noexcept {
    auto end = bytes_ % block;
    pending_[end++] = std::byte{0x80};
    if (end > block - sizeof bytes_) {
      std::memset(pending_.data() + end, 0, block - end);
      compress(state_, pending_, how_);
      end = 0;
    }
    std::memset(pending_.data() + end, 0, block - end);
    for (std::size_t i = 0; i < 8; ++i) {  // the number of bits, its highest byte first
      pending_[block - 1 - i] = static_cast<std::byte>((bytes_ * 8) >> (8 * i));
    }
    compress(state_, pending_, how_);
    digest made{};
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
    }
    return made;
  }

 private:
  static constexpr std::size_t rounds = 64;

  // Fractional parts of the cube roots of the first 64 primes.
  static constexpr std::array<std::uint32_t, rounds> constants{
      0x428a2f98U, 0x71374491U, 0xb5c0fbcfU, 0xe9b5dba5U, 0x3956c25bU, 0x59f111f1U, 0x923f82a4U,
      0xab1c5ed5U, 0xd807aa98U, 0x12835b01U, 0x243185beU, 0x550c7dc3U, 0x72be5d74U, 0x80deb1feU,
      0x9bdc06a7U, 0xc19bf174U, 0xe49b69c1U, 0xefbe4786U, 0x0fc19dc6U, 0x240ca1ccU, 0x2de92c6fU,
      0x4a7484aaU, 0x5cb0a9dcU, 0x76f988daU, 0x983e5152U, 0xa831c66dU, 0xb00327c8U, 0xbf597fc7U,
      0xc6e00bf3U, 0xd5a79147U, 0x06ca6351U, 0x14292967U, 0x27b70a85U, 0x2e1b2138U, 0x4d2c6dfcU,
      0x53380d13U, 0x650a7354U, 0x766a0abbU, 0x81c2c92eU, 0x92722c85U, 0xa2bfe8a1U, 0xa81a664bU,
      0xc24b8b70U, 0xc76c51a3U, 0xd192e819U, 0xd6990624U, 0xf40e3585U, 0x106aa070U, 0x19a4c116U,
      0x1e376c08U, 0x2748774cU, 0x34b0bcb5U, 0x391c0cb3U, 0x4ed8aa4aU, 0x5b9cca4fU, 0x682e6ff3U,
      0x748f82eeU, 0x78a5636fU, 0x84c87814U, 0x8cc70208U, 0x90befffaU, 0xa4506cebU, 0xbef9a3f7U,
      0xc67178f2U};

  static void compress_one(state& at, const std::byte* from) noexcept {
    std::array<std::uint32_t, rounds> words{};
    for (std::size_t i = 0; i < 4 * 16; ++i) {
      words[i / 4] = (words[i / 4] << 8U) | std::to_integer<std::uint32_t>(from[i]);
    }
    for (std::size_t i = 16; i < rounds; ++i) {
      const auto far = words[i - 15];
      const auto near = words[i - 2];
      words[i] = words[i - 16] + words[i - 7] +
                 (std::rotr(far, 7) ^ std::rotr(far, 18) ^ (far >> 3U)) +
                 (std::rotr(near, 17) ^ std::rotr(near, 19) ^ (near >> 10U));
    }
    auto [a, b, c, d, e, f, g, h] = at;
    for (std::size_t i = 0; i < rounds; ++i) {
      const auto one = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                       ((e & f) ^ (~e & g)) + constants[i] + words[i];
      const auto other =
          (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + one;
      d = c;
      c = b;
      b = a;
      a = one + other;
    }
    const state change{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < at.size(); ++i) at[i] += change[i];
  }

#if defined(__x86_64__)
  using four_words = __m128i;

  [[gnu::target("sha,sse4.1"), gnu::always_inline]] static inline four_words load(
      const void* from) noexcept {
    return _mm_loadu_si128(static_cast<const four_words*>(from));
  }

  // Four rounds with four words, in place of the state as the instructions want it.
  [[gnu::target("sha,sse4.1"), gnu::always_inline]] static inline void mix(
      four_words& abef, four_words& cdgh, four_words words, std::size_t first) noexcept {
    words = _mm_add_epi32(words, load(constants.data() + first));
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0e));
  }

  // The four words that follow sixteen others: `oldest`, `older`, `old` and `last`.
  [[gnu::target("sha,sse4.1"), gnu::always_inline]] static inline four_words schedule(
      four_words oldest, four_words older, four_words old, four_words last) noexcept {
    const auto half =
        _mm_add_epi32(_mm_sha256msg1_epu32(oldest, older), _mm_alignr_epi8(last, old, 4));
    return _mm_sha256msg2_epu32(half, last);
  }

  [[gnu::target("sha,sse4.1")]] static void compress_by_instructions(
      state& at, std::span<const std::byte> blocks) noexcept {
    const auto swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    const auto badc = _mm_shuffle_epi32(load(at.data()), 0xb1);
    const auto hgfe = _mm_shuffle_epi32(load(at.data() + 4), 0x1b);
    auto abef = _mm_alignr_epi8(badc, hgfe, 8);
    auto cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
    for (; !blocks.empty(); blocks = blocks.subspan(block)) {
      const auto* const from = blocks.data();
      const auto abef_before = abef;
      const auto cdgh_before = cdgh;
      auto one = _mm_shuffle_epi8(load(from), swap);
      auto two = _mm_shuffle_epi8(load(from + 16), swap);
      auto three = _mm_shuffle_epi8(load(from + 32), swap);
      auto four = _mm_shuffle_epi8(load(from + 48), swap);
      for (std::size_t first = 0;; first += 16) {
        mix(abef, cdgh, one, first);
        mix(abef, cdgh, two, first + 4);
        mix(abef, cdgh, three, first + 8);
        mix(abef, cdgh, four, first + 12);
        if (first + 16 == rounds) break;
        one = schedule(one, two, three, four);
        two = schedule(two, three, four, one);
        three = schedule(three, four, one, two);
        four = schedule(four, one, two, three);
      }
      abef = _mm_add_epi32(abef, abef_before);
      cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    const auto feba = _mm_shuffle_epi32(abef, 0x1b);
    const auto dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    store(at.data(), _mm_blend_epi16(feba, dchg, 0xf0));
    store(at.data() + 4, _mm_alignr_epi8(dchg, feba, 8));
  }

  [[gnu::target("sha,sse4.1"), gnu::always_inline]] static inline void store(
      void* to, four_words words) noexcept {
    _mm_storeu_si128(static_cast<four_words*>(to), words);
  }
#endif

  state state_ = initial;
  std::array<std::byte, block> pending_;  // as many as are no whole block
  std::uint64_t bytes_ = 0;               // in all
  means how_;
};

}  // namespace kvfolio
