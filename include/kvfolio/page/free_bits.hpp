// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <kvfolio/core/config.hpp>

namespace kvfolio::page {

/// Lengths of runs of set bits in a range of bits.
struct free_runs {
  std::uint32_t front = 0;    ///< of the one that begins where the range does
  std::uint32_t longest = 0;  ///< of the longest
  std::uint32_t back = 0;     ///< of the one that ends where the range does

  /// Equal lengths.
  friend bool operator==(const free_runs&, const free_runs&) = default;
};

/// Returns the runs of two ranges of `half` bits each, one after the other.
[[nodiscard]] constexpr free_runs join(const free_runs& left, const free_runs& right,
                                       std::uint32_t half) noexcept {
  return {.front = left.front == half ? half + right.front : left.front,
          .longest = std::max(std::max(left.longest, right.longest), left.back + right.front),
          .back = right.back == half ? half + left.back : right.back};
}

/// Returns the runs of set bits in `word`. O(1): doubles a length while there are runs of it, and
/// then adds what is left of the halves (Warren, "Hacker's Delight", 2nd ed., section 6-3).
[[nodiscard]] constexpr free_runs runs_of(std::uint64_t word) noexcept {
  if (word == 0) return {};
  if (~word == 0) return {64, 64, 64};
  std::array<std::uint64_t, 6> runs{word};  // at [k]: where runs of 2^k begin
  std::size_t k = 0;
  while (const auto twice = runs[k] & (runs[k] >> (1U << k))) runs[++k] = twice;
  auto longest = std::uint32_t{1} << k;
  for (auto begins = runs[k]; k-- > 0;) {
    if (const auto longer = begins & (runs[k] >> longest)) {
      begins = longer;
      longest += std::uint32_t{1} << k;
    }
  }
  return {.front = static_cast<std::uint32_t>(std::countr_one(word)),
          .longest = longest,
          .back = static_cast<std::uint32_t>(std::countl_one(word))};
}

/// Returns where the lowest run of at least `length` set bits in `word` begins. Precondition: there
/// is one, and `length > 0`.
[[nodiscard]] constexpr std::uint32_t first_run(std::uint64_t word, std::uint32_t length) noexcept {
  for (std::uint32_t have = 1; have < length;) {
    const auto more = std::min(have, length - have);
    word &= word >> more;  // bit i: is there a run of have + more at i?
    have += more;
  }
  KVFOLIO_EXPECTS(word != 0);
  return static_cast<std::uint32_t>(std::countr_zero(word));
}

}  // namespace kvfolio::page
