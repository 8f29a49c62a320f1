// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include <replay/outcome.hpp>
#include <replay/tier_options.hpp>
#include <replay/timed_run.hpp>
#include <replay/trace.hpp>

namespace replay {

/// The tiers in `list`, separated by commas: none, recompute, swap, auto, split; `all` for "all".
/// \throws std::invalid_argument if one is unknown, or there twice
[[nodiscard]] std::vector<std::string_view> parse_tiers(std::string_view list);

/// Serves `requests`, of whom those that give way are kept as `tier` says, which is not none.
/// \throws std::invalid_argument if it is unknown, or `options.samples` is not 1
/// \throws std::runtime_error if there is no such store \throws corruption as `server::run`
[[nodiscard]] outcome serve_with_tier(std::string_view tier, const trace& requests,
                                      const serving_options& options, const teller& tell);

}  // namespace replay
