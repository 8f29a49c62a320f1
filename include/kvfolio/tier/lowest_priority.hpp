// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/tier/last_come.hpp>

namespace kvfolio::tier {

/// Who matters least leaves first, and of equals who came last.
struct lowest_priority {
  /// By priority, then by arrival.
  [[nodiscard]] constexpr bool before(const victim& one, const victim& other) const noexcept {
    if (one.priority != other.priority) return one.priority < other.priority;
    return last_come{}.before(one, other);
  }
};

static_assert(victim_order<lowest_priority>);

}  // namespace kvfolio::tier
