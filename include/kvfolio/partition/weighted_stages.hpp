// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/stages.hpp>

namespace kvfolio::partition {

/// Returns the sum of `weights`, one for each device.
/// \throws bad_partition unless there are some, none is negative, and their sum is above 0
[[nodiscard]] inline double checked_weights(std::span<const double> weights) {
  double sum = 0;
  for (const auto weight : weights) {
    if (!(weight >= 0)) sum = NAN;
    sum += weight;
  }
  if (!(sum > 0) || !std::isfinite(sum)) {
    throw bad_partition(
        refusal::bad_input,
        "a weighted split needs a weight for each device, 0 or more, and some above "
        "0; memory or speed will do");
  }
  return sum;
}

/// Returns `layers` in proportion to `weights`: whole parts first, then one each in the order of
/// the largest remainders, the earlier device first (Hamilton, 1792). O(n log n). \throws
/// bad_partition as `checked_weights` does
[[nodiscard]] inline stages largest_remainder(std::uint32_t layers,
                                              std::span<const double> weights) {
  const auto sum = checked_weights(weights);
  stages split;
  std::vector<double> remainder;
  for (const auto weight : weights) {
    const auto exact = weight / sum * layers;
    split.push_back(static_cast<std::uint32_t>(exact));
    remainder.push_back(exact - std::floor(exact));
  }
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](auto a, auto b) { return remainder[a] > remainder[b]; });
  const auto given = std::accumulate(split.begin(), split.end(), 0U);
  for (std::uint32_t i = given; i < layers; ++i) ++split[order[(i - given) % order.size()]];
  return split;
}

namespace rule {

/// exo: largest remainder by memory, and then whoever has nothing gets a layer of whoever has most.
/// \throws bad_partition if there are more devices than layers, or the weights are no weights
[[nodiscard]] inline stages exo(std::uint32_t layers, std::span<const double> memory) {
  check_stage_count(layers, static_cast<std::uint32_t>(memory.size()), "exo",
                    "\"Cannot distribute " + std::to_string(layers) + " layers across " +
                        std::to_string(memory.size()) +
                        " nodes (need at least 1 layer per node)\"");
  auto split = largest_remainder(layers, memory);
  for (std::size_t i = 0; i < split.size(); ++i) {
    if (split[i] != 0) continue;
    --*std::ranges::max_element(split);
    split[i] = 1;
  }
  return split;
}

/// exo, which asks whether each node has memory for its part of `storage`, in the units of
/// `memory`. \throws bad_partition as above, or naming the first node that lacks memory, and how
/// much
[[nodiscard]] inline stages exo(std::uint32_t layers, std::span<const double> memory,
                                double storage) {
  auto split = exo(layers, memory);
  for (std::size_t i = 0; i < split.size(); ++i) {
    const auto needed = storage * split[i] / layers;
    if (needed > memory[i]) {
      throw bad_partition(refusal::no_memory,
                          "node " + std::to_string(i) +
                              " has insufficient memory: " + std::to_string(split[i]) +
                              " layers require " + std::to_string(needed) + ", and it has " +
                              std::to_string(memory[i]) + "; add devices, or quantise the weights");
    }
  }
  return split;
}

/// What llama.cpp decides of a model.
struct llamacpp_split {
  std::uint32_t on_host = 0;        ///< first layers, which stay with the processor
  stages layers{};                  ///< of each device
  std::uint32_t output_device = 0;  ///< which has the output layer; no device: the number of them
  /// Equal in every member.
  friend bool operator==(const llamacpp_split&, const llamacpp_split&) = default;
};

/// llama.cpp by layers: `weights` are those of `--tensor-split`, or free memory; of the layers and
/// the output behind them, the last `offloaded` are on devices. The output is a layer like others,
/// and the input is always on the host. In single precision, as there, which decides some ties.
/// \throws bad_partition if the weights are no weights, or all layers are on devices and one has
/// none
[[nodiscard]] inline llamacpp_split llamacpp(std::uint32_t layers, std::span<const double> weights,
                                             std::uint32_t offloaded = UINT32_MAX,
                                             empty_stages empty = empty_stages::refused) {
  if (layers == 0) check_stage_count(0, 0, "llamacpp", "");
  static_cast<void>(checked_weights(weights));
  std::vector<float> ends;
  float sum = 0;
  for (const auto weight : weights) ends.push_back(sum += static_cast<float>(weight));
  for (auto& end : ends) end /= sum;

  const auto active = std::min(offloaded, layers + 1);
  llamacpp_split split{layers + 1 - active, stages(weights.size()),
                       static_cast<std::uint32_t>(weights.size())};
  for (auto slot = split.on_host; slot <= layers; ++slot) {
    const auto place = static_cast<float>(slot - split.on_host) / static_cast<float>(active);
    const auto device = std::ranges::upper_bound(ends, place) - ends.begin();
    if (slot == layers) {
      split.output_device = static_cast<std::uint32_t>(device);
    } else {
      ++split.layers.at(static_cast<std::size_t>(device));
    }
  }
  split.on_host = std::min(split.on_host, layers);
  if (active <= layers) return split;
  split.layers = without_empty(std::move(split.layers), "llamacpp", empty);
  return split;
}

/// prima.cpp's first guess, from which its search begins: by memory, rounded, 1 at the least. The
/// sum may differ from `layers` (Li et al., "PRIMA.CPP", 2025).
/// \throws bad_partition if the weights are no weights
[[nodiscard]] inline stages halda_start(std::uint32_t layers, std::span<const double> memory) {
  const auto sum = checked_weights(memory);
  stages split;
  for (const auto each : memory) {
    split.push_back(std::max(1U, static_cast<std::uint32_t>(std::lround(each / sum * layers))));
  }
  return split;
}

}  // namespace rule

}  // namespace kvfolio::partition
