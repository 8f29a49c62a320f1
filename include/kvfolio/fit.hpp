// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace kvfolio {

/// What a call would take, and what there is.
struct fit {
  std::size_t hit_tokens = 0;        ///< tokens of the prompt that need not be computed again
  std::size_t pages_needed = 0;      ///< pages it would take, copies of shared ones included
  std::size_t pages_obtainable = 0;  ///< pages that could be taken now

  /// Are there enough pages?
  [[nodiscard]] constexpr bool fits() const noexcept { return pages_needed <= pages_obtainable; }

  /// Equal in every member.
  friend constexpr bool operator==(const fit&, const fit&) = default;
};

}  // namespace kvfolio
