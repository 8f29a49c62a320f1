// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/core/retention_hint.hpp>

namespace kvfolio {

/// What the engine wishes for some tokens of a sequence: a system prompt matters more than what was
/// pasted, say. TensorRT-LLM's `TokenRangeRetentionConfig`.
struct retention_range {
  std::size_t first_token = 0;                        ///< position of the first one
  std::size_t end_token = SIZE_MAX;                   ///< position after the last one
  std::uint8_t priority = retention_hint{}.priority;  ///< from 0 to 100
  std::uint64_t duration = 0;  ///< that long after each use, in the caller's logical time; then the
                               ///< priority is that of those without a wish; 0: for ever
};

/// The hint for a page that is used at the time `now` and begins at position `token`: of the first
/// of `ranges` that has that token, and `usual` where none has. So a page that lies in several
/// ranges goes with its first token, as with TensorRT-LLM. O(ranges).
[[nodiscard]] constexpr retention_hint hint_at(std::span<const retention_range> ranges,
                                               std::size_t token, std::uint64_t now,
                                               retention_hint usual) noexcept {
  for (const auto& range : ranges) {
    if (token < range.first_token || token >= range.end_token) continue;
    usual.priority = range.priority;
    usual.keep_until = 0;
    if (range.duration != 0) {
      usual.keep_until = range.duration > UINT64_MAX - now ? UINT64_MAX : now + range.duration;
    }
    return usual;
  }
  return usual;
}

}  // namespace kvfolio
