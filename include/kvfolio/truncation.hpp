// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace kvfolio {

/// What a truncation dropped.
struct truncation {
  std::size_t tokens = 0;     ///< positions that lost their storage
  std::size_t committed = 0;  ///< of those, committed ones
  std::size_t pages = 0;      ///< pages that left the sequence's table, from its end

  /// Equal in every member.
  friend constexpr bool operator==(const truncation&, const truncation&) = default;
};

}  // namespace kvfolio
