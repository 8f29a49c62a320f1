// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace kvfolio::eviction {

/// Ages in buckets that widen with the age, four for each doubling, such that the passing of time
/// moves whole buckets: then what is kept by age grows older without a look at each member.
///
/// Times are counts of ticks. Level `l` has buckets of `2^l` ticks, aligned to multiples of `2^l`.
/// Level 0 holds ages below 8, and the others those that are 4 to 7 of their widths. An age lies
/// in a bucket to a quarter. All functions are O(1), except `pass`.
struct age_scale {
  static constexpr unsigned levels = 14;                  ///< up to 65,536 ticks, and beyond
  static constexpr std::size_t buckets = 4 * levels + 4;  ///< from the youngest
  static constexpr std::size_t oldest = buckets - 1;      ///< of this age, or any higher one

  /// The bucket at time `now` of what happened at `then`. Precondition: `then <= now`.
  [[nodiscard]] static constexpr std::size_t bucket(std::uint64_t then,
                                                    std::uint64_t now) noexcept {
    const auto age = now - then;
    if (age < 8) return static_cast<std::size_t>(age);
    // The age is 4 to 7 of 2^level, or, as seen from the ends of such buckets, one more or less.
    auto level = static_cast<unsigned>(std::bit_width(age)) - 3;
    if ((now >> level) - (then >> level) >= 8) ++level;
    if (level >= levels) return oldest;
    return 4 * level + static_cast<std::size_t>((now >> level) - (then >> level));
  }

  /// The age, in ticks, that stands for `bucket`; of `buckets`, the age beyond which nothing is
  /// told apart.
  [[nodiscard]] static constexpr std::uint64_t age(std::size_t bucket) noexcept {
    if (bucket < 8) return bucket;
    const auto level = bucket / 4 - 1;
    return std::uint64_t{bucket - 4 * level} << level;
  }

  /// Time has come to `now`, a tick later: calls `move(from, to)` for each bucket whose members
  /// are in the bucket `to` from now on, oldest first. Amortised 13 calls a tick.
  template <class Move>
  static constexpr void pass(std::uint64_t now, Move move) noexcept {
    auto level = std::min(static_cast<unsigned>(std::countr_zero(now)), levels - 1) + 1;
    while (level-- > 0) {
      const std::size_t last = 4 * level + 7;
      const std::size_t first = level == 0 ? 0 : last - 3;
      if (level + 1 < levels) move(last, last + 1);
      for (auto from = last; from-- > first;) move(from, from + 1);
    }
  }
};

}  // namespace kvfolio::eviction
