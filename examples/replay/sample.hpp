// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace replay {

/// The built-in trace, as a file: tests/data/branching_sessions.jsonl, which the build puts here.
[[nodiscard]] std::string sample_text();

}  // namespace replay
