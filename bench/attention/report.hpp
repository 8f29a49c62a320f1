// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "contest.hpp"

namespace attention::bench {

/// What a figure is held to: at least so much, or if `at_most`, no more. None, if both are 0.
struct bar {
  double reach = 0;  ///< what is wished for
  double floor = 0;  ///< what must be
  bool at_most = false;

  /// Is `value` on the right side of `limit`?
  [[nodiscard]] bool met(double value, double limit) const noexcept {
    return limit == 0 || (at_most ? value <= limit : value >= limit);
  }
};

/// A ratio that somebody asks about: if of several pairs, their median.
struct figure {
  /// Of what the machine can read or compute, or to the time of another contender.
  enum class kind { of_read, of_compute, times_faster, times_slower };
  std::string name;
  kind what = kind::of_read;
  std::vector<std::size_t> who;   ///< numbers of contenders
  std::vector<std::size_t> whom;  ///< those that they are compared with, unless with the machine
  bar held_to{};
};

/// Medians and extremes of a ratio over the rounds.
struct ratio {
  double median = 0;  ///< of the rounds' ratios
  double best = 0;    ///< of the two shortest times, or of the shortest and the machine's best
};

/// Returns the ratio that `asked` means.
[[nodiscard]] ratio answer(const figure& asked, const std::vector<contender>& all,
                           const std::vector<record>& records);

/// Returns all as tables for people: the contenders, then the figures.
[[nodiscard]] std::string as_table(const std::vector<contender>& all,
                                   const std::vector<record>& records,
                                   const std::vector<figure>& figures);

/// Returns all as JSON: `{benchmark, assertions, threads, rounds, kernels, contenders: [{name,
/// bytes, flops, seconds: {median, best}, disturbed}], figures: [{figure, median, best, reach,
/// floor, at_most, met}]}`.
[[nodiscard]] std::string as_json(const std::vector<contender>& all,
                                  const std::vector<record>& records,
                                  const std::vector<figure>& figures, const effort& how);

/// Draws the contenders under the machine's roofline, as an SVG file.
[[nodiscard]] std::string draw(const std::vector<contender>& all,
                               const std::vector<record>& records);

}  // namespace attention::bench
