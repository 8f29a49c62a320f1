// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "support/measure.hpp"

namespace kvfolio::bench {

/// Draws how much more than its floor each answer costs, and where there is a bar for the ratio,
/// the bar, as an SVG file. The scale is logarithmic.
[[nodiscard]] std::string draw(const std::vector<answer>& answers, const std::string& title);

}  // namespace kvfolio::bench
