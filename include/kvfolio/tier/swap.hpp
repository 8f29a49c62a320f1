// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/tier/concept.hpp>

namespace kvfolio::tier {

/// Keeps everything (Kwon et al., "PagedAttention", SOSP 2023, 4.5), or nothing where the store has
/// no room for all of it. O(1), no bytes.
struct swap {
  /// None; all if they do not fit.
  [[nodiscard]] std::uint64_t tokens_to_recompute(const departure& leaving) const noexcept {
    return leaving.pages_too_many() == 0 ? 0 : leaving.tokens;
  }
};

static_assert(tier_policy<swap>);

}  // namespace kvfolio::tier
