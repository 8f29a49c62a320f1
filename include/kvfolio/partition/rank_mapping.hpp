// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/partition/error.hpp>

namespace kvfolio::partition {

/// How many ways a model is cut in each direction.
struct rank_grid {
  std::uint32_t tensor = 1;         ///< ranks that share a layer
  std::uint32_t pipeline = 1;       ///< stages
  std::uint32_t context = 1;        ///< ranks that share a sequence
  std::uint32_t expert = 1;         ///< of the tensor ranks, those between which experts are parted
  std::uint32_t expert_tensor = 1;  ///< and those between which each expert is cut
  std::uint32_t expert_cluster = 1;  ///< clusters of these
};

/// Where one rank is in the grid.
struct rank_place {
  std::uint32_t tensor = 0;         ///< among those that share a layer
  std::uint32_t pipeline = 0;       ///< stage
  std::uint32_t context = 0;        ///< among those that share a sequence
  std::uint32_t expert = 0;         ///< among those between which experts are parted
  std::uint32_t expert_tensor = 0;  ///< among those between which each is cut
  /// Equal in every member.
  friend constexpr bool operator==(const rank_place&, const rank_place&) = default;
};

/// Returns the place of `rank` of `world`: tensor ranks next to each other, then context, then
/// stages (TensorRT-LLM's `Mapping`).
/// \throws bad_partition if the grid has not `world` ranks, or the experts' does not fill the
/// tensor ranks, or `rank` is none of them
[[nodiscard]] inline rank_place place_of(const rank_grid& grid, std::uint32_t rank,
                                         std::uint32_t world) {
  const auto size = std::uint64_t{grid.tensor} * grid.pipeline * grid.context;
  if (size != world || size == 0) {
    throw bad_partition(refusal::bad_input, std::to_string(world) + " ranks are not " +
                                                std::to_string(grid.tensor) + " tensor x " +
                                                std::to_string(grid.pipeline) + " pipeline x " +
                                                std::to_string(grid.context) + " context");
  }
  const auto with_experts = std::uint64_t{grid.expert} * grid.expert_tensor * grid.expert_cluster;
  if (with_experts != 1 && (with_experts != grid.tensor || grid.context != 1)) {
    throw bad_partition(refusal::bad_input, "the ranks of experts must be the tensor ranks, " +
                                                std::to_string(grid.tensor) +
                                                ", without context parallelism");
  }
  if (rank >= world) {
    throw bad_partition(refusal::bad_input, "rank " + std::to_string(rank) + " of " +
                                                std::to_string(world) + "; the last is " +
                                                std::to_string(world - 1));
  }
  const auto tensor = rank % grid.tensor;
  return {tensor, rank / (grid.tensor * grid.context), rank / grid.tensor % grid.context,
          tensor % grid.expert, tensor / (grid.expert * grid.expert_cluster)};
}

/// Returns the pipelines of stages with unequal numbers of tensor ranks, numbered one stage after
/// the other: pipeline `i` goes through the `i`-th rank of each stage, or its last (HexGen, ICML
/// 2024). \throws bad_partition if a stage has no ranks
[[nodiscard]] inline std::vector<std::vector<std::uint32_t>> unequal_pipelines(
    const std::vector<std::uint32_t>& ranks) {
  std::uint32_t widest = 0;
  for (const auto each : ranks) {
    if (each == 0) throw bad_partition(refusal::empty_stage, "a stage without ranks; give it 1");
    widest = each > widest ? each : widest;
  }
  std::vector<std::vector<std::uint32_t>> pipelines(widest);
  std::uint32_t first = 0;
  for (const auto each : ranks) {
    for (std::uint32_t i = 0; i < widest; ++i) {
      pipelines[i].push_back(first + (i < each ? i : each - 1));
    }
    first += each;
  }
  return pipelines;
}

}  // namespace kvfolio::partition
