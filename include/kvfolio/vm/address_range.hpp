// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace kvfolio::vm {

/// The addresses `[first, first + bytes)`. Numbers and not pointers, because those of a device mean
/// nothing to the host.
struct address_range {
  std::uintptr_t first = 0;  ///< the lowest address
  std::size_t bytes = 0;     ///< how many there are

  /// The address after the last.
  [[nodiscard]] constexpr std::uintptr_t end() const noexcept { return first + bytes; }
  /// Are `[at, at + size)` all among them?
  [[nodiscard]] constexpr bool contains(std::uintptr_t at, std::size_t size) const noexcept {
    return at >= first && size <= bytes && at - first <= bytes - size;
  }

  /// Equal in both members.
  friend constexpr bool operator==(const address_range&, const address_range&) = default;
};

}  // namespace kvfolio::vm
