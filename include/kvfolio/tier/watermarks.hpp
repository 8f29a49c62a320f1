// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace kvfolio::tier {

/// Two bounds of free pages, so that whoever had to leave does not come back into a pool that is
/// full again at the next step: below the low one victims leave until the high one is reached, and
/// nobody is admitted or resumed who would take the pool below the high one. Between them nothing
/// happens, which is the hysteresis.
class watermarks {
 public:
  /// \throws std::invalid_argument unless `low <= high <= pages`, the pages of the pool
  watermarks(std::uint64_t low, std::uint64_t high, std::uint64_t pages) : low_{low}, high_{high} {
    if (low > high || high > pages) {
      throw std::invalid_argument("kvfolio: watermarks are low <= high <= pages, and not " +
                                  std::to_string(low) + ", " + std::to_string(high) + ", " +
                                  std::to_string(pages) + "; 1 % and 5 % of the pages, say");
    }
  }

  /// Pages that victims have to free when `free` are free and `wanted` are about to be taken by who
  /// runs already; 0 as long as the low bound is kept.
  [[nodiscard]] constexpr std::uint64_t missing(std::uint64_t free,
                                                std::uint64_t wanted) const noexcept {
    if (free >= wanted && free - wanted >= low_) return 0;
    return wanted + high_ - std::min(free, wanted + high_);
  }

  /// May a sequence that takes `wanted` of `free` free pages come, or come back? If `alone`, nobody
  /// runs who could want the pages, and it may come if they suffice: else nobody ever would.
  [[nodiscard]] constexpr bool admits(std::uint64_t free, std::uint64_t wanted,
                                      bool alone) const noexcept {
    return free >= wanted && (alone || free - wanted >= high_);
  }

 private:
  std::uint64_t low_;
  std::uint64_t high_;
};

}  // namespace kvfolio::tier
