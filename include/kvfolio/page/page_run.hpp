// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Pages `[first, first + pages)`.
struct page_run {
  page_id first{};          ///< the lowest
  std::uint32_t pages = 0;  ///< how many

  /// The page after the last.
  [[nodiscard]] constexpr page_id end() const noexcept { return to_page(to_index(first) + pages); }

  /// Equal pages.
  friend constexpr bool operator==(const page_run&, const page_run&) = default;
};

}  // namespace kvfolio
