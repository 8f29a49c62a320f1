// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace kvfolio::partition {

/// Consecutive indices: rows, columns, heads, tokens, or layers that one rank has.
struct index_range {
  std::uint64_t first = 0;  ///< the least
  std::uint64_t count = 0;  ///< how many; may be 0

  /// The index behind the last.
  [[nodiscard]] constexpr std::uint64_t end() const noexcept { return first + count; }
  /// Is `index` one of them?
  [[nodiscard]] constexpr bool contains(std::uint64_t index) const noexcept {
    return index >= first && index - first < count;
  }
  /// Equal in both members.
  friend constexpr bool operator==(const index_range&, const index_range&) = default;
};

/// Returns ranges of these sizes, one after the other from 0 on.
template <class Sizes>
[[nodiscard]] std::vector<index_range> consecutive(const Sizes& sizes) {
  std::vector<index_range> ranges;
  std::uint64_t first = 0;
  for (const auto& size : sizes) {
    ranges.push_back({first, size});
    first += size;
  }
  return ranges;
}

/// Returns the largest number of equal parts, at most `most`, into which `total` can be cut.
/// Precondition: `total` and `most` are at least 1.
[[nodiscard]] constexpr std::uint64_t largest_divisor(std::uint64_t total,
                                                      std::uint64_t most) noexcept {
  while (total % most != 0) --most;
  return most;
}

}  // namespace kvfolio::partition
