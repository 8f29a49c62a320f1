// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace attention::bench {

/// One of those who take turns.
struct contender {
  std::string name;
  double bytes = 0;  ///< of keys and values that a call has to read, once
  double flops = 0;  ///< of a call: those of what is visible, for both products
  std::function<void(std::size_t call)> run;  ///< `call` counts up, so that it finds cold memory
};

/// One turn: what it took, and what the machine could do right before and after it.
struct sample {
  double seconds = 0;  ///< of one call
  double read = 0;     ///< bytes a second
  double compute = 0;  ///< floating-point operations a second
};

/// All turns of one of them.
struct record {
  std::vector<sample> samples;  ///< by round
  std::size_t disturbed = 0;    ///< turns for which the processors were never free
};

/// How often, and on how many threads.
struct effort {
  std::size_t rounds = 9;
  int threads = 2;
  double seconds = 0.002;  ///< of a turn, at least
};

/// Lets `all` take turns: every round has one turn of each, in another order, and each turn is
/// between two measurements of the machine. A turn in which the process did not get its processors
/// is repeated, up to three times. What disturbs the machine for a while so disturbs a few turns of
/// everybody and not all turns of one: only ratios within a round say something.
[[nodiscard]] std::vector<record> compete(const std::vector<contender>& all, const effort& how);

}  // namespace attention::bench
