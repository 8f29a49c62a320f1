// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace attention {

/// The attention of one query over some of its tokens: what another part of them is merged with.
struct partial {
  float largest = -std::numeric_limits<float>::max();  ///< logit, as a power of 2
  float total = 0;                                     ///< of the weights, relative to it
  const float* sums = nullptr;                         ///< of the values, weighted
};

/// Writes the attention over all tokens of `parts` to `output`: split-K, as Flash-Decoding does
/// (Dao et al., 2023). Zeros, if there were none.
inline void merge(std::span<const partial> parts, std::span<float> output) noexcept {
  auto largest = -std::numeric_limits<float>::max();
  // Not a number where a part is none, which no comparison finds.
  for (const auto& each : parts) largest = std::max(largest, each.largest);
  std::fill(output.begin(), output.end(), 0.0F);
  float total = 0;
  for (const auto& each : parts) {
    if (each.total == 0) continue;
    const auto weight = std::exp2(each.largest - largest);
    total += weight * each.total;
    for (std::size_t i = 0; i < output.size(); ++i) output[i] += weight * each.sums[i];
  }
  if (total == 0) return;
  const auto factor = 1 / total;
  for (auto& each : output) each *= factor;
}

}  // namespace attention
