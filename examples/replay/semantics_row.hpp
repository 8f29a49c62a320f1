// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "semantics.hpp"
#include <nlohmann/json.hpp>

namespace replay {

/// `counts` as one object with the stable keys of the published exact answers. `trace` is a label.
[[nodiscard]] inline nlohmann::ordered_json semantics_row(std::string_view trace, semantics mode,
                                                          std::string_view policy,
                                                          std::size_t capacity,
                                                          const semantics_counts& counts) {
  const auto misses = counts.block_refs - counts.hit_blocks;
  if (mode == semantics::plain) {
    return {{"trace", trace},
            {"policy", policy},
            {"capacity", capacity},
            {"requests", counts.block_refs},
            {"hits", counts.hit_blocks},
            {"misses", misses}};
  }
  const auto rate = counts.input_tokens == 0 ? 0.0
                                             : static_cast<double>(counts.hit_tokens) /
                                                   static_cast<double>(counts.input_tokens);
  const auto told = [](const std::optional<std::uint64_t>& count) {
    return count ? nlohmann::ordered_json(*count) : nlohmann::ordered_json{};
  };
  return {{"trace", trace},
          {"mode", to_string(mode)},
          {"policy", policy},
          {"capacity", capacity},
          {"requests", counts.requests},
          {"block_refs", counts.block_refs},
          {"hit_blocks", counts.hit_blocks},
          {"miss_blocks", misses},
          {"input_tokens", counts.input_tokens},
          {"hit_tokens", counts.hit_tokens},
          {"hit_token_rate", std::round(rate * 1e6) / 1e6},
          {"evictions", told(counts.evictions)},
          {"bypassed_inserts", told(counts.bypassed_inserts)}};
}

}  // namespace replay
