// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>

namespace kvfolio {
namespace vm {

/// How much is left when somebody asks whether to reclaim.
struct row_levels {
  std::size_t free = 0;  ///< rows that can be handed out
  std::size_t low = 0;   ///< fewer than that are few: `chunk_pool_config::low`
};

}  // namespace vm

/// Decides when the rows of sequences that have ended are unmapped, if nobody needs them at once.
///
/// | expression    | meaning                                                                    |
/// |---------------|----------------------------------------------------------------------------|
/// | `R::due(now)` | is one more row to be unmapped, `now` being the `vm::row_levels`?          |
// clang-format off
template <class R>
concept reclamation_rule = requires(vm::row_levels now) {
  { R::due(now) } noexcept -> std::same_as<bool>;
};
// clang-format on

namespace vm {

/// Leaves everything mapped until rows are few: the next sequence continues where the last one was,
/// and costs no call (deferred reclamation: vAttention, Prabhu et al., ASPLOS 2025).
struct deferred_reclaim {
  /// Are free rows few?
  [[nodiscard]] static constexpr bool due(const row_levels& now) noexcept {
    return now.free < now.low;
  }
};

/// Unmaps everything as soon as nobody is using it: for engines that share the device with others,
/// and for comparison.
struct eager_reclaim {
  /// Always.
  [[nodiscard]] static constexpr bool due(const row_levels& /*now*/) noexcept { return true; }
};

static_assert(reclamation_rule<deferred_reclaim> && reclamation_rule<eager_reclaim>);

}  // namespace vm
}  // namespace kvfolio
