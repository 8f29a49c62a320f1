// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/tier/victim_order.hpp>

namespace kvfolio::tier {

/// Who came last leaves first, so that the first one always gets done (Kwon et al.,
/// "PagedAttention", SOSP 2023, 4.5).
struct last_come {
  /// By arrival.
  [[nodiscard]] constexpr bool before(const victim& one, const victim& other) const noexcept {
    return one.arrival > other.arrival;
  }
};

static_assert(victim_order<last_come>);

}  // namespace kvfolio::tier
