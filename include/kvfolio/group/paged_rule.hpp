// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kvfolio/core/math.hpp>
#include <kvfolio/group/concept.hpp>

namespace kvfolio::group {

/// A rule over pages of so many tokens: which places of a sequence's page table must have a page.
/// A value; all is O(1).
template <group_rule Rule>
class paged_rule {
 public:
  /// Precondition: `tokens_per_page > 0`.
  constexpr paged_rule(const Rule& rule, std::uint32_t tokens_per_page) noexcept
      : rule_{rule}, tokens_{tokens_per_page} {
    KVFOLIO_EXPECTS(tokens_per_page != 0);
  }

  /// The rule.
  [[nodiscard]] constexpr const Rule& rule() const noexcept { return rule_; }
  /// Tokens of a page.
  [[nodiscard]] constexpr std::uint32_t tokens_per_page() const noexcept { return tokens_; }
  /// Places that `tokens` tokens take.
  [[nodiscard]] constexpr std::size_t pages(std::size_t tokens) const noexcept {
    return ceil_div(tokens, std::size_t{tokens_});
  }

  /// Is everything needed for ever?
  [[nodiscard]] constexpr bool keeps_all() const noexcept { return rule_.reach() == SIZE_MAX; }
  /// Leading places that are needed for ever.
  [[nodiscard]] constexpr std::size_t sink_pages() const noexcept { return pages(rule_.sinks()); }
  /// The first place behind the sinks that a sequence of `complete` tokens needs in order to go on.
  /// It needs all after it, and none if there is no such place.
  [[nodiscard]] constexpr std::size_t first_page(std::size_t complete) const noexcept {
    return std::max(rule_.first_needed(complete) / tokens_, sink_pages());
  }
  /// May a sequence end at `tokens` that went on from there? A state has no way back but to a
  /// checkpoint.
  [[nodiscard]] constexpr bool may_end(std::size_t tokens) const noexcept {
    return rule_.interval() == 0 || tokens % rule_.interval() == 0;
  }
  /// Entries of the first `tokens` tokens of a page, as they are copied: one a token, or one state.
  [[nodiscard]] constexpr std::uint32_t entries(std::size_t tokens) const noexcept {
    return rule_.interval() != 0 ? 1 : static_cast<std::uint32_t>(tokens);
  }
  /// Of these, the ones that stay as they are when the next token is computed.
  [[nodiscard]] constexpr std::uint32_t settled(std::size_t tokens) const noexcept {
    return rule_.interval() != 0 ? 0 : static_cast<std::uint32_t>(tokens);
  }

  /// The most pages that a sequence of at most `length` tokens has at a time, if never more than
  /// `step` of them are incomplete: what must be there for it to be admitted without fear.
  [[nodiscard]] constexpr std::size_t most_pages(std::size_t length,
                                                 std::size_t step) const noexcept {
    const auto all = pages(length);
    if (keeps_all() || step >= length) return all;
    const auto span = rule_.reach() < length - step ? rule_.reach() + step : length;
    return std::min(all, pages(span) + 1 + sink_pages());
  }

 private:
  Rule rule_;
  std::uint32_t tokens_;
};

}  // namespace kvfolio::group
