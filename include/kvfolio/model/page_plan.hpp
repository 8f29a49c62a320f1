// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/model/cache_shape.hpp>

namespace kvfolio::model {

/// What one group of layers keeps, and how often.
struct paged_shape {
  cache_shape shape;           ///< of each token, or of a state
  std::uint32_t interval = 0;  ///< tokens that share one state; 0: kept for each token
};

/// How pages of equal bytes serve groups that keep more and less of a token.
struct page_plan {
  /// The share of one group.
  struct share {
    std::uint32_t tokens_per_page;  ///< tokens of one sequence that share a page
    std::size_t padding_bytes;      ///< at the end of each page, which it cannot use
  };
  std::size_t page_bytes = 0;  ///< of every page
  std::vector<share> groups;   ///< in the order given
  std::uint32_t unit = 0;      ///< the least number of tokens that is whole pages in every group
};

/// Returns a plan for `groups`, of which each page holds whole multiples of `tokens_per_page`
/// tokens, or one state.
///
/// A page is as large as what keeps most needs it: `tokens_per_page` tokens of the group with the
/// largest tokens, or, where a state is larger, the least multiple of that which holds the state.
/// The others put as many tokens in it as fit. Nothing else need be moved when a page changes its
/// group, and the padding is below `tokens_per_page` tokens of the group that has it (vLLM's hybrid
/// manager, 2025; Jenga, 2025, splits large pages instead).
/// \throws std::invalid_argument if there is no group, a shape cannot be stored, or
/// `tokens_per_page` is 0 \throws std::length_error if sizes are too large to be counted
[[nodiscard]] inline page_plan plan_pages(std::span<const paged_shape> groups,
                                          std::uint32_t tokens_per_page) {
  if (groups.empty()) {
    throw std::invalid_argument("kvfolio: a model without groups of layers; give at least one");
  }
  if (tokens_per_page == 0) {
    throw std::invalid_argument("kvfolio: tokens_per_page is 0; 16 is usual");
  }
  page_plan plan;
  std::size_t step = 1;  // bytes by which a page may grow
  for (const auto& [shape, interval] : groups) {
    check(shape);
    const auto least =
        checked_mul(shape.bytes_per_token(), interval != 0 ? 1 : std::size_t{tokens_per_page});
    plan.page_bytes = std::max(plan.page_bytes, least);
    if (interval == 0) step = std::max(step, least);
  }
  plan.page_bytes = checked_mul(ceil_div(plan.page_bytes, step), step);
  std::uint64_t unit = 1;
  for (const auto& [shape, interval] : groups) {
    const auto each = shape.bytes_per_token();
    const auto least = each * tokens_per_page;
    const std::uint64_t tokens =
        interval != 0 ? interval : plan.page_bytes / least * tokens_per_page;
    if (tokens <= UINT32_MAX) unit = std::lcm(unit, tokens);
    if (tokens > UINT32_MAX || unit > UINT32_MAX) {
      throw std::length_error(
          "kvfolio: the groups' pages have no common multiple below 2^32 tokens; divide the layers "
          "into groups of equal bytes, or choose another interval");
    }
    plan.groups.push_back({static_cast<std::uint32_t>(tokens),
                           plan.page_bytes - each * (interval != 0 ? 1 : tokens)});
  }
  plan.unit = static_cast<std::uint32_t>(unit);
  return plan;
}

}  // namespace kvfolio::model
