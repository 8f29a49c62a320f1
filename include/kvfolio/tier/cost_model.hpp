// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include <kvfolio/tier/departure.hpp>
#include <kvfolio/tier/link.hpp>
#include <kvfolio/tier/prefill_work.hpp>
#include <kvfolio/tier/processor.hpp>

namespace kvfolio::tier {

/// What it costs to have KV again: seconds to move it against seconds to compute it.
///
/// The costs of StarAI's "swapping and recomputation", in units that can be compared: a move takes
/// `copies * t0 + bytes / bandwidth`, once for each direction that anybody waits for; computing
/// takes `max(operations / rate, weight bytes / memory bandwidth)`, and operations grow with the
/// square of the tokens where they attend to each other.
struct cost_model {
  prefill_work work{};    ///< of the model
  processor computing{};  ///< the tokens
  link out{};             ///< from the pool to the store
  link in{};              ///< and back
  double overlap = 1;     ///< of the shorter of two things done at once, what it hides; 0 to 1

  /// Time to compute the tokens of the first `pages` pages of `leaving` again.
  [[nodiscard]] seconds recompute(const departure& leaving, std::uint64_t pages) const noexcept {
    return computing.time(work, leaving.context, leaving.tokens_in(pages));
  }

  /// Time to load the pages behind the first `pages`.
  [[nodiscard]] seconds load(const departure& leaving, std::uint64_t pages) const noexcept {
    return in.time(leaving.bytes_behind(pages), leaving.copies_behind(pages));
  }

  /// Time to store them, as far as anybody waits for it.
  [[nodiscard]] seconds store(const departure& leaving, std::uint64_t pages) const noexcept {
    if (!leaving.waits_until_out) return {};
    return out.time(leaving.bytes_behind(pages), leaving.copies_behind(pages));
  }

  /// Time that `leaving` costs if the first `pages` pages are computed while the others are loaded.
  /// 0 pages is to swap, all to recompute. Convex in `pages` where `computing` is in tokens, but
  /// for the step at either end.
  [[nodiscard]] seconds total(const departure& leaving, std::uint64_t pages) const noexcept {
    const auto computed = recompute(leaving, pages);
    const auto loaded = load(leaving, pages);
    return store(leaving, pages) + std::max(computed, loaded) +
           (1 - overlap) * std::min(computed, loaded);
  }
};

/// Does nothing for costs that can be compared.
/// \throws std::invalid_argument saying which member is wrong, and what would be right
inline void check(const cost_model& costs) {
  const auto refuse = [](const char* why) { throw std::invalid_argument(why); };
  const auto& computing = costs.computing;
  if (!(costs.work.each_token > flop_count{})) {
    refuse("kvfolio: the work has no operations for a token; take work_of(model, formats)");
  }
  if (!(computing.linear > flop_rate{} && computing.attending > flop_rate{} &&
        computing.memory > byte_rate{})) {
    refuse("kvfolio: a processor needs rates above 0; utilised(teraflops(312), 0.5), say");
  }
  for (std::size_t i = 0; i < computing.measured.size(); ++i) {
    const auto& [tokens, time] = computing.measured[i];
    if (!(time > seconds{}) || tokens <= (i == 0 ? 0 : computing.measured[i - 1].tokens)) {
      refuse("kvfolio: measured passes take more than 0 seconds, each for more tokens than before");
    }
  }
  if (!(costs.out.bandwidth > byte_rate{} && costs.in.bandwidth > byte_rate{})) {
    refuse("kvfolio: a link needs a bandwidth above 0 in each direction, in bytes a second");
  }
  if (!(computing.each_pass >= seconds{} && costs.out.each_copy >= seconds{} &&
        costs.in.each_copy >= seconds{})) {
    refuse("kvfolio: a pass and a copy take 0 seconds or more");
  }
  if (!(costs.overlap >= 0 && costs.overlap <= 1)) {
    refuse("kvfolio: overlap is a fraction; 1 if computing hides all of a transfer");
  }
}

/// Returns the bandwidth above which swapping `leaving` is faster than computing it again: for few
/// tokens, bytes of a token times the rate over its operations. Copies take what they take; no
/// bandwidth suffices, and the answer is infinite, if they alone take longer.
[[nodiscard]] inline byte_rate break_even(const cost_model& costs,
                                          const departure& leaving) noexcept {
  const auto pages = leaving.pages();
  const auto ways = leaving.waits_until_out ? 2.0 : 1.0;
  auto copying = leaving.copies_behind(0) * costs.in.each_copy;
  if (leaving.waits_until_out) copying += leaving.copies_behind(0) * costs.out.each_copy;
  const auto left = costs.recompute(leaving, pages) - copying;
  if (!(left > seconds{})) return byte_rate{std::numeric_limits<double>::infinity()};
  return ways * (leaving.bytes_behind(0) / left);
}

}  // namespace kvfolio::tier
