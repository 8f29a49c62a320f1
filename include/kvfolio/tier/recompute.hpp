// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/tier/concept.hpp>

namespace kvfolio::tier {

/// Keeps nothing: the prompt and what was generated are one prefill when the sequence comes back
/// (Kwon et al., "PagedAttention", SOSP 2023, 4.5). O(1), no bytes.
struct recompute {
  /// All.
  [[nodiscard]] std::uint64_t tokens_to_recompute(const departure& leaving) const noexcept {
    return leaving.tokens;
  }
};

static_assert(tier_policy<recompute>);

}  // namespace kvfolio::tier
