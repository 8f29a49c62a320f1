// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// One copy that must happen: the same tokens, in every layer and head, of one page into another.
struct copy_op {
  page_id source;             ///< where the tokens are
  page_id destination;        ///< where they must be
  std::uint32_t first_token;  ///< offset of the first one in either page, in tokens
  std::uint32_t tokens;       ///< how many

  /// Equal in every member.
  friend constexpr bool operator==(const copy_op&, const copy_op&) = default;
};

}  // namespace kvfolio
