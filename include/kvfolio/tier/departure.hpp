// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/core/math.hpp>

namespace kvfolio {

/// What leaves a pool when a sequence is preempted, whole or from some page on: all that a tier
/// policy decides from. The tokens begin with a page. Precondition of all members:
/// `tokens_per_page > 0`.
struct departure {
  std::uint64_t tokens = 0;           ///< that leave, and must be there again to go on
  std::uint64_t context = 0;          ///< before them, that stay in the pool
  std::uint32_t tokens_per_page = 1;  ///< of all pages but the last, which may have fewer
  std::uint64_t page_bytes = 0;       ///< of each page, also of one that is not full
  std::uint64_t copies = 0;           ///< in which all of them move one way; 0 counts as 1
  std::uint64_t free_bytes = 0;       ///< that the store still takes; 0 if there is no store
  bool waits_until_out = false;       ///< does the engine do nothing else until they are out?

  /// Pages that hold the tokens.
  [[nodiscard]] constexpr std::uint64_t pages() const noexcept {
    return ceil_div(tokens, std::uint64_t{tokens_per_page});
  }
  /// Bytes of those pages that are not among the first `pages_recomputed`.
  /// Precondition: there are so many.
  [[nodiscard]] constexpr std::uint64_t bytes_behind(
      std::uint64_t pages_recomputed) const noexcept {
    KVFOLIO_EXPECTS(pages_recomputed <= pages());
    return (pages() - pages_recomputed) * page_bytes;
  }
  /// Copies in which these move: as many as they are likely to have, and at least one.
  [[nodiscard]] constexpr double copies_behind(std::uint64_t pages_recomputed) const noexcept {
    const auto moved = pages() - pages_recomputed;
    if (moved == 0) return 0;
    const auto share = static_cast<double>(moved) / static_cast<double>(pages());
    const auto likely = share * static_cast<double>(copies);
    return likely < 1 ? 1 : likely;
  }
  /// The least number of first pages that must be computed again, for the others to fit the store.
  [[nodiscard]] constexpr std::uint64_t pages_too_many() const noexcept {
    if (page_bytes == 0) return 0;
    const auto room = free_bytes / page_bytes;
    return room < pages() ? pages() - room : 0;
  }
  /// The tokens of the first `pages_recomputed` pages.
  [[nodiscard]] constexpr std::uint64_t tokens_in(std::uint64_t pages_recomputed) const noexcept {
    const auto whole = pages_recomputed * tokens_per_page;
    return whole < tokens ? whole : tokens;
  }
};

}  // namespace kvfolio
