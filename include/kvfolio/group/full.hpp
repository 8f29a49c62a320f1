// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/group/concept.hpp>

namespace kvfolio::group {

/// Every token reads all before it: full attention, of whole heads or of latents (Vaswani et al.,
/// "Attention is all you need", 2017; DeepSeek-V2, 2024, for the latter).
class full {
 public:
  /// The beginning.
  [[nodiscard]] constexpr std::size_t first_needed(std::size_t /*complete*/) const noexcept {
    return 0;
  }
  /// None: everything is read for ever.
  [[nodiscard]] constexpr std::size_t sinks() const noexcept { return 0; }
  /// Without end.
  [[nodiscard]] constexpr std::size_t reach() const noexcept { return SIZE_MAX; }
  /// 0: each position has keys and values.
  [[nodiscard]] constexpr std::uint32_t interval() const noexcept { return 0; }
};

static_assert(group_rule<full>);

}  // namespace kvfolio::group
