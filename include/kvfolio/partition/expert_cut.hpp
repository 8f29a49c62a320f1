// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/index_range.hpp>

namespace kvfolio::partition {

/// Which expert-parallel rank has which expert.
enum class expert_order : std::uint8_t {
  linear,        ///< consecutive; the first ranks have one more (vLLM)
  round_robin,   ///< expert `e` is on rank `e % ranks` (vLLM)
  rest_to_last,  ///< consecutive; the last rank has what is left (vLLM before 2025)
  equal,         ///< consecutive and equal (TensorRT-LLM, which forgets what is left; refused here)
};

/// Returns the rank of each of `experts` experts. O(experts).
/// \throws bad_partition if there are more ranks than experts, or for `equal` unless it divides
[[nodiscard]] inline std::vector<std::uint32_t> expert_cut(
    std::uint32_t experts, std::uint32_t ranks, expert_order order = expert_order::linear) {
  if (ranks == 0 || ranks > experts) {
    throw bad_partition(refusal::not_divisible, std::to_string(experts) +
                                                    " experts are too few for " +
                                                    std::to_string(ranks) + " ranks; 1 to " +
                                                    std::to_string(experts) + " would work");
  }
  const auto base = experts / ranks;
  const auto rest = experts % ranks;
  if (order == expert_order::equal && rest != 0) {
    throw bad_partition(refusal::not_divisible,
                        std::to_string(experts) + " experts on " + std::to_string(ranks) +
                            " ranks leave " + std::to_string(rest) + " over; " +
                            std::to_string(largest_divisor(experts, ranks)) +
                            " ranks would work, or a linear order");
  }
  std::vector<std::uint32_t> owner(experts);
  for (std::uint32_t expert = 0; expert < experts; ++expert) {
    switch (order) {
      case expert_order::round_robin: owner[expert] = expert % ranks; break;
      case expert_order::rest_to_last:
      case expert_order::equal: owner[expert] = std::min(expert / base, ranks - 1); break;
      case expert_order::linear: {
        const auto in_larger = rest * (base + 1);
        owner[expert] =
            expert < in_larger ? expert / (base + 1) : rest + (expert - in_larger) / base;
        break;
      }
    }
  }
  return owner;
}

}  // namespace kvfolio::partition
