// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <kvfolio/cache_statistics.hpp>

#include <replay/outcome.hpp>
#include <replay/trace.hpp>

namespace replay {

/// Watches a server, and sums up what it saw.
class recorder {
 public:
  /// A request was refused, which could never have ended.
  void reject() { ++seen_.rejected; }

  /// Nothing ran for `lasted`, while `cached` pages waited to be found.
  void idle(nanoseconds lasted, std::size_t cached) {
    seen_.over_time.add(
        lasted, {.cached = static_cast<double>(cached), .hit_rate = seen_.hit_token_rate()});
  }

  /// A step took `lasted`, during which the cache was as `now` says, and computed `prefilled`
  /// tokens of prompts.
  void step(nanoseconds lasted, std::size_t prefilled, const kvfolio::cache_statistics& now,
            std::size_t waiting) {
    const gauges shown{.pages = static_cast<double>(now.used_pages),
                       .cached = static_cast<double>(now.cached_pages),
                       .waste_tokens = static_cast<double>(now.slack_tokens),
                       .sequences = static_cast<double>(now.sequences),
                       .waiting = static_cast<double>(waiting),
                       .hit_rate = seen_.hit_token_rate()};
    const auto weight = static_cast<double>(lasted);
    ++seen_.steps;
    seen_.prefill_tokens += prefilled;
    seen_.peak.keep_peaks(shown);
    seen_.mean.add(shown, weight);
    seen_.over_time.add(lasted, shown);
    busy_ += weight;
    room_ += static_cast<double>(now.tokens + now.slack_tokens) * weight;
  }

  /// For `lasted`, the memory was used as `now` says.
  void use(nanoseconds lasted, const memory_use& now) {
    seen_.memory.add(now, static_cast<double>(lasted));
  }

  /// A request begins, and finds `hit` of its `tokens` tokens.
  void begin(std::size_t tokens, std::size_t hit) {
    seen_.asked_tokens += tokens;
    seen_.hit_tokens += hit;
  }

  /// A request lost its pages.
  void preempt() { ++seen_.preemptions; }

  /// A request begins again that had computed `lost` tokens, and finds `hit` of its `tokens`.
  void resume(std::size_t tokens, std::size_t hit, std::size_t lost) {
    seen_.resumed_tokens += tokens;
    seen_.resumed_hit_tokens += hit;
    seen_.recomputed_tokens += lost - std::min(lost, hit);
  }

  /// The cache was emptied for a request that could not go on alone.
  void restart() { ++seen_.restarts; }

  /// `asked` ended at `now`; its first token came at `first_token_at`, if it has any.
  void finish(const request& asked, std::size_t samples, std::optional<nanoseconds> first_token_at,
              nanoseconds now) {
    ++seen_.finished;
    seen_.prompt_tokens += asked.prompt_tokens;
    seen_.generated_tokens += asked.output_tokens * samples;
    if (!first_token_at) return;
    seen_.first_token.push_back(*first_token_at - asked.arrival);
    if (asked.output_tokens > 1) {
      seen_.per_token.push_back((now - *first_token_at) / (asked.output_tokens - 1));
    }
  }

  /// Number of steps so far.
  [[nodiscard]] std::uint64_t steps() const { return seen_.steps; }

  /// Number of requests that are done with.
  [[nodiscard]] std::size_t done() const { return seen_.finished + seen_.rejected; }

  /// Returns what it saw until `now`, and what `mapping` took, without what only the cache knows.
  /// Leaves nothing.
  [[nodiscard]] outcome sum_up(nanoseconds now, const mapping_use& mapping) {
    seen_.clock = now;
    seen_.mapping = mapping;
    if (busy_ > 0) seen_.stalled_share = static_cast<double>(mapping.stalled) / busy_;
    const auto sums = std::exchange(seen_.mean, {});
    if (busy_ > 0) seen_.mean.add(sums, 1 / busy_);
    if (room_ > 0) seen_.waste_share = sums.waste_tokens / room_;
    seen_.memory.become_shares();
    return std::move(seen_);
  }

 private:
  outcome seen_;
  double busy_ = 0;  // nanoseconds in which anything ran
  double room_ = 0;  // token positions in all tables, times nanoseconds
};

}  // namespace replay
