// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace kvfolio::tier {

/// Says when to try again what has failed, counted in calls and not in time: the first call after a
/// failure is passed over, then 2, 4 and so on up to 1,024, until it succeeds. So whoever depends
/// on something that is gone pays for it ever less often, and equal calls have equal outcomes.
///
/// O(1), `noexcept`. A value of 8 bytes.
class call_backoff {
 public:
  /// May it be tried in this call?
  [[nodiscard]] constexpr bool due() noexcept {
    if (to_pass_ == 0) return true;
    --to_pass_;
    return false;
  }

  /// It was tried, and failed.
  constexpr void failed() noexcept {
    to_pass_ = next_;
    next_ = std::min(next_ * 2, most);
  }

  /// It was tried, and did not.
  constexpr void succeeded() noexcept { *this = {}; }

 private:
  static constexpr std::uint32_t most = 1'024;
  std::uint32_t to_pass_ = 0;
  std::uint32_t next_ = 1;
};

}  // namespace kvfolio::tier
