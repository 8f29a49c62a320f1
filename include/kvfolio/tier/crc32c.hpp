// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <kvfolio/core/config.hpp>

namespace kvfolio::tier {

/// Checks bytes that come piece by piece: the CRC of 32 bits by Castagnoli's polynomial
/// (Castagnoli, Bräuer, Herrmann, IEEE Trans. Communications 41(6), 1993), as iSCSI (RFC 3720, B.4)
/// and ext4 use it. It finds damage, and is no defence against those who mean to do some.
///
/// What the processor has is found out when the program runs. With products without carries of 512
/// bits, 256 bytes are folded into the next 256 (Gopal et al., "Fast CRC computation for generic
/// polynomials using PCLMULQDQ instruction", Intel, 2009); with an instruction for this CRC
/// (SSE 4.2), three parts are checked at a time, as it gives its answer three steps later (Gopal et
/// al., "Fast CRC computation for iSCSI polynomial using CRC32 instruction", Intel, 2011);
/// otherwise eight bytes a step are looked up in tables (Kounavis, Berry, ISCC 2005). All give the
/// same value. A value of 8 bytes; allocates nothing.
class crc32c {
 public:
  /// How it is computed.
  enum class means : std::uint8_t {
    portable,     ///< by any processor
    instruction,  ///< by that of SSE 4.2
    folding       ///< by products without carries, of 512 bits (AVX-512 and VPCLMULQDQ), too
  };

  /// The fastest means that this processor has. O(1).
  [[nodiscard]] static means best() noexcept {
#if defined(__x86_64__)
    const bool counts = __builtin_cpu_supports("sse4.2");
    const bool has_512_bits = __builtin_cpu_supports("avx512f");
    const bool multiplies = __builtin_cpu_supports("vpclmulqdq");
    if (counts) return has_512_bits && multiplies ? means::folding : means::instruction;
#endif
    return means::portable;
  }

  /// Nothing was added yet. Precondition: the processor has `how`.
  explicit crc32c(means how = best()) noexcept : how_{how} {
    KVFOLIO_EXPECTS(how <= best());
  }

  /// Adds `bytes` to what is checked. O(bytes).
  void add(std::span<const std::byte> bytes) noexcept {
#if defined(__x86_64__)
    if (how_ == means::folding && bytes.size() >= 2 * stride) bytes = fold(bytes);
    if (how_ != means::portable) return add_by_instruction(bytes);
#endif
    add_by_tables(bytes);
  }

  /// The CRC of all that was added.
  [[nodiscard]] std::uint32_t value() const noexcept {
    return ~state_;
  }

 private:
  using table = std::array<std::uint32_t, 256>;
  static constexpr std::uint32_t polynomial = 0x82f63b78U;  // its lowest power is the highest bit

  // tables[n][b]: what byte b does to the CRC when n bytes of zeros follow it.
  static constexpr auto tables = [] {
    std::array<table, 8> made{};
    for (std::uint32_t b = 0; b < 256; ++b) {
      auto crc = b;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0);
      made[0][b] = crc;
    }
    for (std::size_t n = 1; n < made.size(); ++n) {
      for (std::size_t b = 0; b < 256; ++b) {
        made[n][b] = (made[n - 1][b] >> 8U) ^ made[0][made[n - 1][b] & 0xffU];
      }
    }
    return made;
  }();

  void add_by_tables(std::span<const std::byte> bytes) noexcept {
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
      std::array<std::uint8_t, 8> eight{};
      std::memcpy(eight.data(), bytes.data(), eight.size());
      std::uint32_t next = 0;
      for (std::size_t i = 0; i < 8; ++i) {
        const auto before = i < 4 ? state_ >> (8 * i) : 0U;
        next ^= tables[7 - i][(eight[i] ^ before) & 0xffU];
      }
      state_ = next;
    }
    for (const auto byte : bytes) {
      state_ = (state_ >> 8U) ^ tables[0][(state_ ^ std::to_integer<std::uint32_t>(byte)) & 0xffU];
    }
  }

#if defined(__x86_64__)
  static constexpr std::size_t part = 2048;  // bytes of each of the three

  // past_part[i][b]: byte i of a CRC, being b, when the bytes of a part follow it that are zeros.
  static constexpr auto past_part = [] {
    std::array<std::uint32_t, 32> powers{};  // by bit of the CRC
    for (std::size_t bit = 0; bit < 32; ++bit) {
      auto crc = std::uint32_t{1} << bit;
      for (std::size_t i = 0; i < part; ++i) crc = (crc >> 8U) ^ tables[0][crc & 0xffU];
      powers[bit] = crc;
    }
    std::array<table, 4> made{};
    for (std::size_t i = 0; i < 32; ++i) {
      for (std::size_t b = 0; b < 256; ++b) {
        if (((b >> (i % 8)) & 1U) != 0) made[i / 8][b] ^= powers[i];
      }
    }
    return made;
  }();

  static std::uint64_t skip_part(std::uint64_t crc) noexcept {
    return past_part[0][crc & 0xffU] ^ past_part[1][(crc >> 8U) & 0xffU] ^
           past_part[2][(crc >> 16U) & 0xffU] ^ past_part[3][(crc >> 24U) & 0xffU];
  }

  static std::uint64_t word_at(const std::byte* from) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof(word));
    return word;
  }

  [[gnu::target("sse4.2")]] void add_by_instruction(std::span<const std::byte> bytes) noexcept {
    std::uint64_t crc = state_;
    const auto* from = bytes.data();
    const auto* const end = from + bytes.size();
    for (; static_cast<std::size_t>(end - from) >= 3 * part; from += 3 * part) {
      std::uint64_t second = 0;
      std::uint64_t third = 0;
      for (std::size_t i = 0; i < part; i += 8) {
        crc = __builtin_ia32_crc32di(crc, word_at(from + i));
        second = __builtin_ia32_crc32di(second, word_at(from + part + i));
        third = __builtin_ia32_crc32di(third, word_at(from + 2 * part + i));
      }
      crc = skip_part(skip_part(crc) ^ second) ^ third;
    }
    for (; end - from >= 8; from += 8) crc = __builtin_ia32_crc32di(crc, word_at(from));
    auto low = static_cast<std::uint32_t>(crc);
    for (; from != end; ++from) {
      low = __builtin_ia32_crc32qi(low, std::to_integer<std::uint8_t>(*from));
    }
    state_ = low;
  }

  // Bytes that four registers have.
  static constexpr std::size_t stride = 256;
  using words [[gnu::vector_size(64)]] = long long;

  // Returns x^power modulo the polynomial, as 64 bits of which the highest is that of x^0.
  static constexpr std::uint64_t power_of_x(std::size_t power) {
    std::uint32_t rest = 0x80000000U;  // x^0
    for (std::size_t i = 0; i < power; ++i) {
      rest = (rest >> 1U) ^ ((rest & 1U) != 0 ? polynomial : 0);
    }
    return std::uint64_t{rest} << 32U;
  }

  // What moves each 128 bits of a register past `bits` others: the factor of their first half,
  // which is the upper one of a polynomial, and that of the second. A product of numbers whose bits
  // are reversed lacks one power of x.
  static constexpr std::array<std::uint64_t, 2> past(std::size_t bits) {
    return {power_of_x(bits + 63), power_of_x(bits - 1)};
  }

  [[gnu::target("avx512f,vpclmulqdq"), gnu::always_inline]] static inline words load(
      const std::byte* from) noexcept {
    words loaded;
    std::memcpy(&loaded, from, sizeof(loaded));
    return loaded;
  }

  [[gnu::target("avx512f,vpclmulqdq"), gnu::always_inline]] static inline words moved(
      words from, words factors) noexcept {
#if defined(__clang__)
    return __builtin_ia32_pclmulqdq512(from, factors, 0x00) ^
           __builtin_ia32_pclmulqdq512(from, factors, 0x11);
#else
    return __builtin_ia32_vpclmulqdq_v8di(from, factors, 0x00) ^
           __builtin_ia32_vpclmulqdq_v8di(from, factors, 0x11);
#endif
  }

  [[gnu::target("avx512f,vpclmulqdq"), gnu::always_inline]] static inline words four_times(
      std::array<std::uint64_t, 2> factors) noexcept {
    const auto first = static_cast<long long>(factors[0]);
    const auto second = static_cast<long long>(factors[1]);
    return words{first, second, first, second, first, second, first, second};
  }

  // Adds whole strides of `bytes`, of which there is one at least, and returns the others.
  [[gnu::target("avx512f,vpclmulqdq,sse4.2")]] std::span<const std::byte> fold(
      std::span<const std::byte> bytes) noexcept {
    constexpr auto past_stride = past(8 * stride);
    constexpr auto past_words = past(8 * sizeof(words));
    const auto next = four_times(past_stride);
    const auto* from = bytes.data();
    auto one = load(from) ^ words { state_, 0, 0, 0, 0, 0, 0, 0 };
    auto two = load(from + 64);
    auto three = load(from + 128);
    auto four = load(from + 192);
    for (bytes = bytes.subspan(stride); bytes.size() >= stride; bytes = bytes.subspan(stride)) {
      from = bytes.data();
      one = moved(one, next) ^ load(from);
      two = moved(two, next) ^ load(from + 64);
      three = moved(three, next) ^ load(from + 128);
      four = moved(four, next) ^ load(from + 192);
    }
    const auto beside = four_times(past_words);
    const auto last = moved(moved(moved(one, beside) ^ two, beside) ^ three, beside) ^ four;
    std::array<std::byte, sizeof(last)> folded{};  // as good as all that it was folded from
    std::memcpy(folded.data(), &last, sizeof(last));
    state_ = 0;
    add_by_instruction(folded);
    return bytes;
  }
#endif

  std::uint32_t state_ = UINT32_MAX;
  means how_;
};

}  // namespace kvfolio::tier
