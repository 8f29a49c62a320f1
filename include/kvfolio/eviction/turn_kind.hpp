// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <kvfolio/core/retention_hint.hpp>
#include <kvfolio/eviction/page_access.hpp>

namespace kvfolio::eviction {

/// Number of kinds that `turn_kind` tells apart.
inline constexpr std::size_t turn_kinds = 90;

/// The kind of pages that turns of a conversation kept alike: what reuse may be learned by.
///
/// `uses` counts those of the page, this one included. A page that is not full has less than
/// `page_tokens` tokens. Kinds, three times over, by what the hint says of the next turn:
/// - 0: partial last pages of prompts, seen for the first time. Only the very same prompt finds one
///   again: of the conversation trace, 0.8 % were, and 25.8 % of the others.
/// - 1: pages at the beginning of a first turn that were seen before: system prompts.
/// - 2 to 5: other pages of first turns, of 1 to 3, up to 15, up to 63, and more pages. Where
///   nobody says how long a request is: pages used 1, 2, 3 times, and more often.
/// - 6 to 29: pages of turns that go on from two seen pages or more, by how many pages these add
///   (0 or 1, then up to 3, 7, 15, 31, and more: of the trace, 6 in 10 of the first were continued,
///   and 6 in 100 of the last), and among these by the turns that the page was part of: 1, 2, 3,
///   and more.
[[nodiscard]] constexpr std::size_t turn_kind(const page_access& access, std::uint32_t uses,
                                              std::uint32_t page_tokens) noexcept {
  const auto bits = [](std::uint32_t n) { return static_cast<std::size_t>(std::bit_width(n)); };
  const auto hinted = 30 * static_cast<std::size_t>(access.hint.next_turn);
  const auto used = std::clamp(uses, 1U, 4U) - 1;
  if (access.request_pages == 0) return hinted + 2 + used;
  const bool seen = access.depth < access.seen_pages;
  const bool is_last = access.depth + 1 == access.request_pages;
  if (is_last && access.tokens < page_tokens && !seen) return hinted;
  if (access.seen_pages < 2) {
    if (seen) return hinted + 1;
    return hinted + 2 + std::min<std::size_t>((bits(access.request_pages) - 1) / 2, 3);
  }
  const auto added = access.request_pages - std::min(access.request_pages, access.seen_pages);
  const auto length = std::clamp<std::size_t>(bits(added), 1, 6) - 1;
  return hinted + 6 + 4 * length + (seen ? std::max(used, 1U) : 0);
}

}  // namespace kvfolio::eviction
