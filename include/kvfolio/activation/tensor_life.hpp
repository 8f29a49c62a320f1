// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace kvfolio::activation {

/// A temporary of a computation: how large it is, and how long it must be kept.
struct tensor_life {
  std::uint64_t bytes = 0;  ///< it takes
  std::uint32_t first = 0;  ///< step that writes it
  std::uint32_t last = 0;   ///< step that reads it last; not before `first`

  /// Are both there at some step, so that they may not share a byte?
  [[nodiscard]] constexpr bool meets(const tensor_life& other) const noexcept {
    return first <= other.last && other.first <= last;
  }
  /// Equal in every member.
  friend constexpr bool operator==(const tensor_life&, const tensor_life&) = default;
};

/// Returns the most bytes that are alive at one step: no plan can do with fewer.
/// O(n log n) for `n` tensors. Precondition: none ends before it begins.
[[nodiscard]] inline std::uint64_t most_alive(std::span<const tensor_life> lives) {
  std::vector<tensor_life> ends{lives.begin(), lives.end()};
  std::vector<tensor_life> begins = ends;
  std::ranges::sort(begins, {}, &tensor_life::first);
  std::ranges::sort(ends, {}, &tensor_life::last);
  std::uint64_t alive = 0;
  std::uint64_t most = 0;
  auto gone = ends.begin();
  for (const auto& come : begins) {
    for (; gone->last < come.first; ++gone) alive -= gone->bytes;
    alive += come.bytes;
    most = std::max(most, alive);
  }
  return most;
}

}  // namespace kvfolio::activation
