// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <kvfolio/partition/error.hpp>

namespace kvfolio::partition {

/// Layers of each pipeline stage, from the first stage to the last. Stages are contiguous.
using stages = std::vector<std::uint32_t>;

/// What a rule does with a stage that would have no layer.
enum class empty_stages : std::uint8_t {
  refused,  ///< it throws, and says what the peer would have answered
  allowed,  ///< it answers as the peer does
};

/// Returns `split` as text: "7, 7, 8".
[[nodiscard]] inline std::string to_text(const stages& split) {
  std::string text;
  for (const auto layers : split) text += (text.empty() ? "" : ", ") + std::to_string(layers);
  return text;
}

/// Does nothing if `layers` layers can be cut into `count` stages at all.
/// \throws bad_partition otherwise; `peer` names whose rule is used, and `answer` is what it says
inline void check_stage_count(std::uint32_t layers, std::uint32_t count, std::string_view peer,
                              const std::string& answer) {
  if (count == 0 || layers == 0) {
    throw bad_partition(refusal::bad_input, "a pipeline needs at least 1 layer and 1 stage");
  }
  if (count > layers) {
    throw bad_partition(refusal::too_many_stages,
                        std::to_string(count) + " stages are more than " + std::to_string(layers) +
                            " layers; 1 to " + std::to_string(layers) + " would work (" +
                            std::string{peer} + " answers " + answer + ")");
  }
}

/// Returns `split`. \throws bad_partition if a stage is empty, and `rule` says so
[[nodiscard]] inline stages without_empty(stages split, std::string_view peer, empty_stages rule) {
  const auto empty = std::ranges::find(split, 0U);
  if (rule == empty_stages::refused && empty != split.end()) {
    throw bad_partition(refusal::empty_stage, "stage " + std::to_string(empty - split.begin()) +
                                                  " would have no layer (" + std::string{peer} +
                                                  " answers " + to_text(split) +
                                                  "); give it more weight, or leave it out");
  }
  return split;
}

}  // namespace kvfolio::partition
