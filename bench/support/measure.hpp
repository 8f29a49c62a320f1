// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "support/suite.hpp"

namespace kvfolio::bench {

/// How often and how long each loop runs, and which.
struct effort {
  int repetitions = 15;   ///< of every loop
  double seconds = 0.02;  ///< of one repetition, at least
  std::string only;       ///< asks only the questions whose text contains this
};

/// Nanoseconds that one operation took: in the middle, and in all but the best and worst tenth of
/// the repetitions.
struct timing {
  double median = 0;  ///< half of the repetitions took less
  double p10 = 0;     ///< a tenth of them took less
  double p90 = 0;     ///< nine tenths took less
};

/// One answered question.
struct answer {
  std::string text;   ///< the question
  std::string floor;  ///< its bare loop
  timing floor_ns;    ///< one operation of the bare loop
  timing ours_ns;     ///< one operation of ours
  bar most;           ///< what it may cost

  /// How much more than the floor, by medians.
  [[nodiscard]] double ratio() const noexcept { return ours_ns.median / floor_ns.median; }
  /// Is there a bar?
  [[nodiscard]] bool has_bar() const noexcept { return most.ratio != 0 || most.ns != 0; }
  /// Does it pass whatever bar there is?
  [[nodiscard]] bool met() const noexcept {
    return (most.ratio == 0 || ratio() <= most.ratio) &&
           (most.ns == 0 || ours_ns.median <= most.ns);
  }
};

/// Runs every loop of `asked` that `how` wants and returns the answers, in order. Counts the time
/// that the thread ran, not the time that passed, but where loops tell theirs: a machine that does
/// other things besides makes figures worse, but not wrong. \throws std::invalid_argument if `how`
/// wants none of them \throws std::runtime_error if a loop reports an error
[[nodiscard]] std::vector<answer> measure(const suite& asked, const effort& how);

}  // namespace kvfolio::bench
