// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

#include <kvfolio/tier/departure.hpp>

namespace kvfolio {

/// Decides what becomes of the KV of a sequence that leaves the pool: kept in a store, computed
/// again, or each for a part.
///
/// | expression                          | meaning                                            |
/// |-------------------------------------|----------------------------------------------------|
/// | `tier.tokens_to_recompute(leaving)` | how many of the leading tokens will be computed    |
/// |                                     | again when it comes back; the pages behind them go |
/// |                                     | to the store                                       |
///
/// 0 is to swap all, `leaving.tokens` to recompute all, anything between a split. The answer is
/// whole pages or all tokens, and what is left fits `leaving.free_bytes`: so without a store it is
/// all. Equal departures have equal answers.
///
/// **Why the leading tokens.** They can be computed from their ids alone while the others are on
/// their way; the others would need the leading ones first. They are cheaper to compute, too.
///
/// **Why one number.** Swap, recomputation and both at once are then one path through a cache, and
/// whoever carries it out needs to know no policy.
// clang-format off
template <class T>
concept tier_policy =
    std::movable<T> &&
    requires(const T& tier, const departure& leaving) {
      { tier.tokens_to_recompute(leaving) } noexcept -> std::same_as<std::uint64_t>;
    };
// clang-format on

}  // namespace kvfolio
