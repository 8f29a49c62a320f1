// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/tier/units.hpp>

namespace kvfolio::tier {

/// One direction of a way between a pool and a store. StarAI multiplies bytes by a rate; here each
/// copy takes its time, and then the bytes do.
struct link {
  byte_rate bandwidth{};  ///< of large copies
  seconds each_copy{};    ///< beside its bytes

  /// Time for `bytes` in `copies` copies.
  [[nodiscard]] constexpr seconds time(std::uint64_t bytes, double copies = 1) const noexcept {
    return copies * each_copy + bytes / bandwidth;
  }
  /// What is left of the bandwidth in copies of `bytes` each.
  [[nodiscard]] constexpr byte_rate reached(std::uint64_t bytes) const noexcept {
    return bytes / time(bytes);
  }
};

}  // namespace kvfolio::tier
