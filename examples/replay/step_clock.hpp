// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <replay/trace.hpp>

namespace replay {

/// How fast the hardware is that the clock stands for. Whole numbers from 1 to 10^9.
struct speed {
  std::uint32_t prefill_tps = 100'000;  ///< prompt tokens a second
  std::uint32_t decode_sps = 50;        ///< decode steps a second, whatever the batch
};

/// The time of a server that is not there: integer nanoseconds, so that equal runs are equal to the
/// last digit on every machine.
class step_clock {
 public:
  /// Starts at 0, the first arrival.
  explicit step_clock(const speed& of) : speed_{of} {}

  /// The time.
  [[nodiscard]] nanoseconds now() const { return now_; }

  /// What a step takes that computes `prefill_tokens` tokens of prompts and, if `decodes`, one
  /// token of every other sequence; each part is rounded down to a nanosecond.
  [[nodiscard]] nanoseconds cost(std::uint64_t prefill_tokens, bool decodes) const {
    return prefill_tokens * second / speed_.prefill_tps +
           (decodes ? second / speed_.decode_sps : 0);
  }

  /// Lets `lasted` pass.
  void pass(nanoseconds lasted) { now_ += lasted; }

 private:
  static constexpr nanoseconds second = 1'000'000'000;

  speed speed_;
  nanoseconds now_ = 0;
};

}  // namespace replay
