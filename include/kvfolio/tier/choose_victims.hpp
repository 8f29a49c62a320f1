// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/core/result.hpp>
#include <kvfolio/tier/victim_order.hpp>

namespace kvfolio::tier {

/// How much of the last victim leaves; those before it leave whole.
enum class extent : std::uint8_t {
  whole_sequence,  ///< all of it, so that the pool has room for a while
  tail_pages,      ///< as many of its last pages as are missing; what is left need not come back
};

/// Who leaves.
struct victims {
  std::size_t count = 0;         ///< how many
  std::uint64_t last_gives = 0;  ///< pages that become free by the last of them
};

/// Moves the victims that free `pages_missing` pages to the front of `running`, who leaves first at
/// the very front, and returns how many they are. All or nothing: fails with `out_of_pages` if all
/// together free fewer, `running` in any order. Who has none to give stays; the
/// caller leaves out for whom they are. O(count * running), no allocation.
template <victim_order Order>
[[nodiscard]] result<victims> choose_victims(std::span<victim> running, std::uint64_t pages_missing,
                                             const Order& order,
                                             extent last = extent::whole_sequence) noexcept {
  const auto gives_any = [](const victim& each) noexcept { return each.pages_freed != 0; };
  const auto idle = std::partition(running.begin(), running.end(), gives_any);
  auto candidates = running.first(static_cast<std::size_t>(idle - running.begin()));
  victims chosen;
  while (pages_missing != 0) {
    if (candidates.empty()) return errc::out_of_pages;
    const auto first = std::ranges::min_element(
        candidates,
        [&order](const victim& one, const victim& other) { return order.before(one, other); });
    std::ranges::iter_swap(candidates.begin(), first);
    const auto gives = candidates.front().pages_freed;
    const auto needed = std::min(gives, pages_missing);
    chosen.last_gives = last == extent::tail_pages ? needed : gives;
    pages_missing -= needed;
    candidates = candidates.subspan(1);
    ++chosen.count;
  }
  return chosen;
}

}  // namespace kvfolio::tier
