// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <kvfolio/tier/prefill_work.hpp>

namespace kvfolio::tier {

/// What a pass of some tokens took, its attention left out.
struct measured_pass {
  std::uint64_t tokens = 0;  ///< that it computed
  seconds time{};            ///< beside attention
};

/// How fast tokens are computed: what is really reached, not what is printed on the box. Either by
/// the roofline (Williams, Waterman, Patterson, CACM 52, 2009), or as it was measured.
struct processor {
  flop_rate linear{};       ///< by products of matrices
  flop_rate attending{};    ///< by attention
  seconds each_pass{};      ///< beside its operations: launches, waiting
  byte_rate memory{1e300};  ///< at which weights are read, which a pass cannot be faster than
  /// In ascending order of tokens. If there are any, a pass takes what lies between them, and the
  /// members above say nothing but the rate of attention.
  std::vector<measured_pass> measured{};

  /// Time to compute `tokens` tokens behind `context` others in one pass; none for none. Between
  /// two measured numbers of tokens convex in `tokens`, and without any everywhere. O(log
  /// measured).
  [[nodiscard]] seconds time(const prefill_work& work, std::uint64_t context,
                             std::uint64_t tokens) const noexcept {
    if (tokens == 0) return {};
    const auto attention = work.attending(context, tokens) / attending;
    if (!measured.empty()) return between(tokens) + attention;
    return each_pass +
           std::max(work.linear(tokens) / linear + attention, work.weight_bytes / memory);
  }

 private:
  // On the line through the two nearest; fewer than were measured take as long as the fewest.
  [[nodiscard]] seconds between(std::uint64_t tokens) const noexcept {
    if (tokens <= measured.front().tokens) return measured.front().time;
    if (measured.size() == 1) {
      return static_cast<double>(tokens) / static_cast<double>(measured.front().tokens) *
             measured.front().time;
    }
    const auto behind = std::ranges::lower_bound(measured, tokens, {}, &measured_pass::tokens);
    const auto& [end, later] = behind == measured.end() ? measured.back() : *behind;
    const auto& [begin, before] = *(behind == measured.end() ? behind - 2 : behind - 1);
    const auto share = static_cast<double>(tokens - begin) / static_cast<double>(end - begin);
    return before + share * (later - before);
  }
};

/// Returns a processor of `peak` operations a second of which `share` are reached: its model
/// utilisation, 0.3 to 0.6 in practice.
[[nodiscard]] inline processor utilised(flop_rate peak, double share) noexcept {
  processor made;
  made.linear = made.attending = share * peak;
  return made;
}

/// Returns the processor that computes a prompt of `tokens` tokens at `tokens_per_second`, if all
/// operations are equally fast. Precondition: both are more than 0.
[[nodiscard]] inline processor with_prefill_rate(const prefill_work& work, double tokens_per_second,
                                                 std::uint64_t tokens) noexcept {
  KVFOLIO_EXPECTS(tokens > 0 && tokens_per_second > 0);
  const auto all = work.linear(tokens) + work.attending(0, tokens);
  return utilised(flop_rate{all.value() / static_cast<double>(tokens) * tokens_per_second}, 1);
}

}  // namespace kvfolio::tier
