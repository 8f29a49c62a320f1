// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <kvfolio/tier/prefill_work.hpp>

namespace kvfolio::tier {

/// How fast tokens are computed: what is really reached, not what is printed on the box.
struct processor {
  operation_rate linear{};     ///< by products of matrices
  operation_rate attending{};  ///< by attention
  seconds each_pass{};         ///< beside its operations: launches, waiting
  byte_rate memory{1e300};     ///< at which weights are read, which a pass cannot be faster than

  /// Time to compute `tokens` tokens behind `context` others in one pass; none for none: the
  /// roofline (Williams, Waterman, Patterson, CACM 52, 2009), and what a pass takes beside it.
  [[nodiscard]] seconds time(const prefill_work& work, std::uint64_t context,
                             std::uint64_t tokens) const noexcept {
    if (tokens == 0) return {};
    const auto computing =
        work.linear(tokens) / linear + work.attending(context, tokens) / attending;
    return each_pass + std::max(computing, work.weight_bytes / memory);
  }
};

/// Returns a processor of `peak` operations a second of which `share` are reached: its model
/// utilisation, 0.3 to 0.6 in practice.
[[nodiscard]] constexpr processor utilised(operation_rate peak, double share) noexcept {
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
  return utilised(operation_rate{all.value() / static_cast<double>(tokens) * tokens_per_second}, 1);
}

}  // namespace kvfolio::tier
