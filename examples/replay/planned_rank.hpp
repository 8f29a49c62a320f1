// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace replay {

/// What a plan gives one of its ranks to cache with.
struct planned_rank {
  std::uint32_t token_bytes = 0;  ///< of its layers and heads
  std::uint32_t pages = 0;        ///< that its memory for KV has
};

/// Returns what rank `rank` of the plan at `path` has, as `plan --json` writes it, with pages of
/// `tokens_per_page` tokens. \throws std::invalid_argument saying what is wrong, and what would do
[[nodiscard]] inline planned_rank rank_of_plan(const std::string& path, std::size_t rank,
                                               std::uint32_t tokens_per_page) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::invalid_argument("cannot read " + path);
  const auto plan = nlohmann::json::parse(file, nullptr, false);
  const auto refuse = [&path](const std::string& why) {
    throw std::invalid_argument(path + ": " + why);
  };
  if (!plan.is_object() || !plan.contains("ranks") || !plan["ranks"].is_array() ||
      plan["ranks"].empty()) {
    refuse("is no plan; write one with plan --model ... --devices ... --json FILE");
  }
  const auto& ranks = plan["ranks"];
  if (rank >= ranks.size()) {
    refuse(fmt::format("has {} ranks; --rank is 0 to {}", ranks.size(), ranks.size() - 1));
  }
  const auto& chosen = ranks[rank];
  const auto number = [&](const nlohmann::json& in, const char* key) {
    if (!in.is_object() || !in.contains(key) || !in[key].is_number_unsigned()) {
      refuse(
          fmt::format("rank {} has no {}; is it a plan for --devices, whose layers all keep the "
                      "same of a token?",
                      rank, key));
    }
    return in[key].get<std::uint64_t>();
  };
  const auto bytes = number(chosen.contains("cache") ? chosen["cache"] : chosen, "bytes_per_token");
  const auto pages = number(chosen, "kv_bytes") / (bytes == 0 ? 1 : bytes) / tokens_per_page;
  if (bytes == 0 || bytes % 8 != 0 || bytes > 1U << 20U) {
    refuse(fmt::format("rank {} keeps {} bytes of a token; replay takes multiples of 8 up to 2^20",
                       rank, bytes));
  }
  if (pages == 0 || pages > 1U << 30U) {
    refuse(fmt::format("rank {} has memory for {} pages of {} tokens; 1 to 2^30 can be replayed",
                       rank, pages, tokens_per_page));
  }
  return {static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(pages)};
}

}  // namespace replay
