// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

#include <kvfolio/tier/departure.hpp>

namespace kvfolio {

/// A running sequence that may have to leave the pool.
struct victim {
  std::uint64_t arrival = 0;      ///< its number in the order of arrival, which no other has
  std::int32_t priority = 0;      ///< the lower, the sooner it leaves
  std::uint64_t pages_freed = 0;  ///< pages that nobody else holds
  std::uint64_t steps = 0;        ///< since it came, or came back
  std::uint32_t preemptions = 0;  ///< how often it has had to leave
  departure leaving{};            ///< what has to be there again when it comes back
};

/// Says who leaves first when the pool is full.
///
/// | expression           | meaning                                                  |
/// |----------------------|----------------------------------------------------------|
/// | `order.before(a, b)` | does `a` rather leave than `b`? A strict total order for |
/// |                      | victims of different arrivals                            |
// clang-format off
template <class O>
concept victim_order =
    std::movable<O> &&
    requires(const O& order, const victim& one, const victim& other) {
      { order.before(one, other) } noexcept -> std::same_as<bool>;
    };
// clang-format on

}  // namespace kvfolio
