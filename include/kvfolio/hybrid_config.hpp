// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/group/any_rule.hpp>
#include <kvfolio/group/concept.hpp>
#include <kvfolio/group/paged_groups.hpp>
#include <kvfolio/group/paged_rule.hpp>
#include <kvfolio/model/cache_shape.hpp>
#include <kvfolio/model/page_layout.hpp>
#include <kvfolio/model/page_plan.hpp>

namespace kvfolio {

/// Layers that keep alike: all full attention layers of a model, say, or all with one window.
template <group_rule Rule = group::any_rule>
struct layer_group {
  model::cache_shape shape{};  ///< what they keep of one token, or all their states together
  Rule rule{};                 ///< which tokens they still read
};

/// How large a hybrid cache is, and of what. Everything it ever needs is allocated for these
/// numbers when it is made.
template <group_rule Rule = group::any_rule>
struct hybrid_config {
  std::vector<layer_group<Rule>> groups{};  ///< at least one
  std::uint32_t tokens_per_page = 16;       ///< of the group with the largest tokens; the others
                                            ///< have multiples of it
  std::uint32_t pages = 0;                  ///< in the pool, for all groups
  std::uint32_t max_sequences = 256;        ///< that live at the same time
  std::size_t max_tokens = 0;  ///< of one sequence; 0: as many as all pages hold of the group with
                               ///< the most tokens in a page
  std::size_t max_step = 0;    ///< of one sequence's tokens that are incomplete at a time, which
                               ///< bounds what it needs of windows; 0: any number
  model::token_order order = model::token_order::head_major;  ///< inside a page
  std::optional<std::uint64_t> key_seed{};  ///< of the keys by which prefixes are found; random if
                                            ///< not given
  bool reserve_null_page = false;  ///< never hand out page 0, so that padding may point to it

  /// Pages that can be handed out.
  [[nodiscard]] constexpr std::size_t usable_pages() const noexcept {
    return pages - (reserve_null_page ? 1U : 0U);
  }
};

/// How the groups of `config` share pages.
/// \throws std::invalid_argument saying what is wrong, and what would be right
/// \throws std::length_error if there are more tokens or bytes than can be counted
template <group_rule Rule>
[[nodiscard]] model::page_plan plan_of(const hybrid_config<Rule>& config) {
  if (config.pages >= std::uint32_t{1} << 31U) {
    throw std::invalid_argument(
        "kvfolio: pages must be below 2^31, because kernels read int32 ids");
  }
  if (config.pages == 0 || config.usable_pages() == 0) {
    throw std::invalid_argument(
        "kvfolio: no page can be handed out; give pages, 2 at least with "
        "reserve_null_page");
  }
  if (config.max_sequences == 0) {
    throw std::invalid_argument("kvfolio: max_sequences is 0; allow at least one");
  }
  if (config.groups.size() > UINT16_MAX) {
    throw std::invalid_argument(
        "kvfolio: more than 65535 groups; put layers that keep alike in one");
  }
  std::vector<model::paged_shape> shapes;
  shapes.reserve(config.groups.size());
  for (const auto& [shape, rule] : config.groups) shapes.push_back({shape, rule.interval()});
  auto plan = model::plan_pages(shapes, config.tokens_per_page);
  (void)checked_mul(plan.page_bytes, config.pages);
  return plan;
}

/// The groups of `config` over the pages of `plan`. \throws std::bad_alloc
template <group_rule Rule>
[[nodiscard]] group::paged_groups<Rule> groups_of(const hybrid_config<Rule>& config,
                                                  const model::page_plan& plan) {
  std::vector<group::paged_rule<Rule>> rules;
  rules.reserve(config.groups.size());
  for (std::size_t i = 0; i < config.groups.size(); ++i) {
    rules.emplace_back(config.groups[i].rule, plan.groups[i].tokens_per_page);
  }
  return {std::move(rules), plan.unit};
}

/// Tokens that one sequence may have.
template <group_rule Rule>
[[nodiscard]] std::size_t longest_of(const hybrid_config<Rule>& config,
                                     const model::page_plan& plan) {
  if (config.max_tokens != 0) return config.max_tokens;
  std::size_t most = 0;
  for (const auto& share : plan.groups) {
    most = std::max(most, checked_mul(share.tokens_per_page, config.usable_pages()));
  }
  return most;
}

}  // namespace kvfolio
