// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <replay/semantics.hpp>
#include <replay/semantics_row.hpp>
#include <replay/trace.hpp>

namespace replay {

/// Replays the block ids of `all` through `capacity` blocks in the semantics of that name, without
/// a clock, and returns the counts as JSON with the keys of the published exact answers. With a
/// `hint_seed`, requests hint whether their sessions go on.
/// \throws bad_trace if a request has no hash ids, std::invalid_argument if something has no such
/// name
[[nodiscard]] inline std::string exact_row(const trace& all, std::string_view semantics_name,
                                           std::string_view policy, std::size_t capacity,
                                           std::optional<std::uint64_t> hint_seed = {}) {
  const auto mode = parse_semantics(semantics_name);
  std::vector<block_request> blocks;
  blocks.reserve(all.requests.size());
  for (const auto& each : all.requests) {
    if (each.hash_ids.empty()) {
      throw bad_trace{all.name, 0,
                      "a request has no hash ids, and --semantics replays nothing else; right is "
                      "a trace with hash_ids in every line"};
    }
    blocks.push_back(
        {each.arrival / 1'000'000, each.prompt_tokens, each.output_tokens, each.hash_ids});
  }
  const auto counts = run_semantics(blocks, mode, policy, capacity, all.tokens_per_hash, hint_seed);
  return semantics_row(all.name, mode, policy, capacity, counts).dump() + '\n';
}

}  // namespace replay
