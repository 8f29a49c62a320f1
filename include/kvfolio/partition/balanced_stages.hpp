// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/partition/equal_stages.hpp>
#include <kvfolio/partition/stages.hpp>

namespace kvfolio::partition::rule {

/// DeepSpeed's `parameters` and `type` splits: the difference between the heaviest and the lightest
/// stage is made small by dynamic programming; of equals, the one with the latest last cut. This is
/// not the least bottleneck, nor always the least difference: only one split of each prefix is
/// kept. O(layers^2 stages). \throws bad_partition if there are no stages, or more than layers
[[nodiscard]] inline stages deepspeed_balanced(std::span<const double> weights,
                                               std::uint32_t count) {
  const auto layers = weights.size();
  if (layers <= count) return deepspeed_uniform(static_cast<std::uint32_t>(layers), count);
  if (count == 0) check_stage_count(1, 0, "deepspeed", "");

  struct entry {
    double heaviest = std::numeric_limits<double>::infinity();
    double lightest = std::numeric_limits<double>::infinity();
    double difference = std::numeric_limits<double>::infinity();
    std::size_t cut = 0;  // where the last stage begins
  };
  std::vector<double> before{0};
  for (const auto weight : weights) before.push_back(before.back() + weight);
  // The best split of the first `end` layers into `parts`.
  std::vector<entry> best((layers + 1) * (count + 1));
  const auto at = [&](std::size_t end, std::size_t parts) -> entry& {
    return best[end * (count + 1) + parts];
  };
  at(0, 0).heaviest = at(0, 0).difference = 0;
  for (std::size_t end = 1; end <= layers; ++end) {
    for (std::size_t parts = 1; parts <= std::min<std::size_t>(end, count); ++parts) {
      auto& found = at(end, parts);
      for (std::size_t cut = 0; cut < end; ++cut) {
        const auto last = before[end] - before[cut];
        const auto heaviest = std::max(at(cut, parts - 1).heaviest, last);
        const auto lightest = std::min(at(cut, parts - 1).lightest, last);
        if (heaviest - lightest <= found.difference) {
          found = {heaviest, lightest, heaviest - lightest, cut};
        }
      }
    }
  }
  stages split(count);
  auto end = layers;
  for (auto parts = std::size_t{count}; parts > 0; --parts) {
    const auto cut = at(end, parts).cut;
    split[parts - 1] = static_cast<std::uint32_t>(end - cut);
    end = cut;
  }
  return without_empty(std::move(split), "deepspeed", empty_stages::refused);
}

}  // namespace kvfolio::partition::rule
