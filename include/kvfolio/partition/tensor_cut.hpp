// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/index_range.hpp>

namespace kvfolio::partition {

// One dimension of a matrix, cut between ranks: of its outputs, column parallel; of its inputs, row
// parallel, whose results must be summed. The ranges are those of rank 0, 1, ... and cover
// everything once. O(ranks).

/// Returns equal ranges (Shoeybi et al., "Megatron-LM", 2019).
/// \throws bad_partition unless `ranks` divides `total`
[[nodiscard]] inline std::vector<index_range> even_cut(std::uint64_t total, std::uint32_t ranks) {
  if (ranks == 0 || total % ranks != 0) {
    throw bad_partition(
        refusal::not_divisible,
        std::to_string(total) + " is not divisible by " + std::to_string(ranks) +
            (ranks == 0 || total == 0 ? std::string{" ranks"}
                                      : " ranks; " + std::to_string(largest_divisor(total, ranks)) +
                                            " would work, or cut by a grain"));
  }
  return consecutive(std::vector<std::uint64_t>(ranks, total / ranks));
}

/// Returns ranges of whole grains that differ by one grain at most, the larger first; what is left
/// over of a grain goes to the last (DeepSpeed's AutoTP for MLPs).
/// \throws bad_partition if `ranks` or `grain` is 0
[[nodiscard]] inline std::vector<index_range> grain_cut(std::uint64_t total, std::uint32_t ranks,
                                                        std::uint64_t grain) {
  if (ranks == 0 || grain == 0) {
    throw bad_partition(refusal::bad_input, "a cut needs at least 1 rank and a grain of 1");
  }
  const auto grains = total / grain;
  std::vector<std::uint64_t> sizes;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    sizes.push_back((grains / ranks + (rank < grains % ranks ? 1 : 0)) * grain);
  }
  sizes.back() += total % grain;
  return consecutive(sizes);
}

/// Returns ranges of whole KV heads with what belongs to them, `total / kv_heads` each (DeepSpeed's
/// AutoTP for attention). \throws bad_partition unless `kv_heads` divides `total`
[[nodiscard]] inline std::vector<index_range> kv_grain_cut(std::uint64_t total,
                                                           std::uint32_t kv_heads,
                                                           std::uint32_t ranks) {
  if (kv_heads == 0 || total % kv_heads != 0) {
    throw bad_partition(refusal::not_divisible,
                        std::to_string(total) + " elements do not belong to " +
                            std::to_string(kv_heads) + " KV heads in equal parts");
  }
  return grain_cut(total, ranks, total / kv_heads);
}

/// Returns ranges in proportion to `weights`, that begin at multiples of `multiple`; the last takes
/// the rest (llama.cpp's split by rows). In single precision, as there.
/// \throws bad_partition if the weights have no sum, or `multiple` is 0
[[nodiscard]] inline std::vector<index_range> weighted_cut(std::uint64_t total,
                                                           std::span<const double> weights,
                                                           std::uint64_t multiple) {
  float sum = 0;
  for (const auto weight : weights) sum += static_cast<float>(weight);
  if (multiple == 0 || !(sum > 0) || !std::isfinite(sum)) {
    throw bad_partition(refusal::bad_input,
                        "a weighted cut needs weights above 0, and a multiple of at least 1");
  }
  std::vector<index_range> ranges;
  float before = 0;
  for (const auto weight : weights) {
    auto first = static_cast<std::uint64_t>(static_cast<float>(total) * (before / sum));
    first -= first % multiple;
    if (!ranges.empty()) ranges.back().count = first - ranges.back().first;
    ranges.push_back({first, total - first});
    before += static_cast<float>(weight);
  }
  return ranges;
}

}  // namespace kvfolio::partition
