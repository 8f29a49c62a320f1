// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "support/measure.hpp"

namespace kvfolio::bench {

/// Returns `answers` as a table for people.
[[nodiscard]] std::string as_table(const std::vector<answer>& answers);

/// Returns `answers` as JSON: `{benchmark, assertions, repetitions, questions: [{question, floor,
/// floor_ns: {median, p10, p90}, ours_ns: {...}, ratio, bar: {ratio, ns}, met}]}`, where members of
/// `bar` that ask for nothing, and `met` where neither asks, are null.
[[nodiscard]] std::string as_json(const std::vector<answer>& answers, const std::string& benchmark,
                                  const effort& how);

}  // namespace kvfolio::bench
