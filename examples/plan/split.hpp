// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <kvfolio/partition.hpp>

#include <plan/arguments.hpp>

namespace plan {

/// Layers of each stage, and what llama.cpp says beside that.
struct split_result {
  kvfolio::partition::stages stages;  ///< layers of each
  std::uint32_t on_host = 0;          ///< layers that are on no device
  std::uint32_t output_stage = 0;     ///< which has the head
};

/// Returns the split of `layers` layers into `count` stages by the rule that `given` names.
/// \throws kvfolio::partition::bad_partition saying what would work
[[nodiscard]] split_result split_by_rule(const arguments& given, std::uint32_t layers,
                                         std::uint32_t count);

/// Returns a sentence for each weight that the rule of `given` does not look at.
[[nodiscard]] std::string unread_weights(const arguments& given);

}  // namespace plan
