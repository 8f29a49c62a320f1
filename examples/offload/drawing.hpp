// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <offload/comparison.hpp>

namespace offload {

/// Returns an SVG file: seconds of the three ways back over the length of the context, both by
/// their logarithms, the best marked at each length. Precondition: two rows at least.
[[nodiscard]] std::string drawing(const question& asked, const std::vector<row>& rows);

}  // namespace offload
