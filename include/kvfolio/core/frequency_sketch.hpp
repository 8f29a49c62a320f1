// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Counts how often each of many keys was added, in four bits each, now and then too high and never
/// too low, but that counts end at 15.
///
/// A count-min sketch of four rows (Cormode and Muthukrishnan, Journal of Algorithms 55(1), 2005)
/// with conservative update (Estan and Varghese, SIGCOMM 2002): of a key's four counters only the
/// least grow. All four lie in one line of 64 bytes, as in Caffeine.
///
/// `add` and `count` are O(1), `halve` O(size). Costs 8 to 16 bytes per key that it is made for,
/// allocated once. All operations are `noexcept`, except construction.
class frequency_sketch {
 public:
  static constexpr std::uint32_t most = 15;  ///< that it counts to

  /// Creates counters of nothing, for about `keys` keys at a time. \throws std::bad_alloc
  explicit frequency_sketch(std::size_t keys)
      : words_(words_a_line *
               std::bit_ceil(ceil_div(std::max<std::size_t>(keys, 1), words_a_line))) {}

  /// Counts `key` once more, up to `most`.
  void add(content_key key) noexcept {
    const auto own = counters_of(key);
    const auto least = least_of(own);
    if (least == most) return;
    for (const auto& each : own) {
      if (value(each) == least) words_[each.word] += std::uint64_t{1} << each.shift;
    }
  }

  /// About how often `key` was added.
  [[nodiscard]] std::uint32_t count(content_key key) const noexcept {
    return least_of(counters_of(key));
  }

  /// Halves all counts, rounding down.
  void halve() noexcept {
    for (auto& word : words_) word = (word >> 1U) & 0x7777'7777'7777'7777U;
  }

 private:
  static constexpr std::size_t rows = 4;
  static constexpr std::size_t words_a_line = 8;

  struct counter {
    std::size_t word;
    std::uint32_t shift;
  };
  using counters = std::array<counter, rows>;

  // The lower bits choose the line, and five of the upper ones each row's counter, of 2 words.
  [[nodiscard]] counters counters_of(content_key key) const noexcept {
    const auto bits = mix_bits(static_cast<std::uint64_t>(key) + 0x9e37'79b9'7f4a'7c15U);
    const auto line = static_cast<std::size_t>(bits) * words_a_line & (words_.size() - 1);
    counters found{};
    for (std::size_t row = 0; row < rows; ++row) {
      const auto number = static_cast<std::uint32_t>(bits >> (44 + 5 * row)) & 31U;
      found[row] = {line + 2 * row + number / 16, 4 * (number % 16)};
    }
    return found;
  }

  [[nodiscard]] std::uint32_t value(const counter& at) const noexcept {
    return static_cast<std::uint32_t>(words_[at.word] >> at.shift) & most;
  }

  [[nodiscard]] std::uint32_t least_of(const counters& of) const noexcept {
    auto least = most;
    for (const auto& each : of) least = std::min(least, value(each));
    return least;
  }

  std::vector<std::uint64_t> words_;  // of 16 counters
};

}  // namespace kvfolio
