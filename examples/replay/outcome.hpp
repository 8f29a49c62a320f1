// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <kvfolio/observe/counting_observer.hpp>
#include <kvfolio/prefix/waiting_order.hpp>

#include <replay/mapping_options.hpp>
#include <replay/mapping_stalls.hpp>
#include <replay/measures.hpp>
#include <replay/memory_use.hpp>
#include <replay/prefix_metrics.hpp>
#include <replay/step_clock.hpp>
#include <replay/tier_options.hpp>
#include <replay/trace.hpp>

namespace replay {

/// How requests are served.
struct serving_options {
  std::uint32_t pages = 32'768;        ///< in the pool
  std::uint32_t tokens_per_page = 16;  ///< tokens of one sequence that share a page
  std::uint32_t token_bytes = 8;       ///< that the cache keeps of a token; a multiple of 8
  std::uint32_t chunk = 4'096;         ///< most prompt tokens that a step computes
  speed hardware{};                    ///< that the clock stands for
  std::uint32_t watermark = 0;         ///< pages to leave free when a request is admitted
  kvfolio::prefix::admission admit{};  ///< who is admitted first
  std::uint32_t patience = 64;         ///< times that a request is passed over at most
  std::uint32_t max_batch = 256;       ///< requests that run at the same time
  std::uint32_t samples = 1;           ///< answers to each request, which share its prompt
  bool reuse = true;                   ///< find the beginnings of prompts again
  bool verify = false;                 ///< fingerprint every token, and check
  bool request_level = false;          ///< who comes waits until the whole batch has ended
  nanoseconds invalidate_every = 0;    ///< the model changes so often; 0: never
  mapping_options mapping{};           ///< for systems that map memory
  tier_options tiers{};                ///< for requests that give way
  std::size_t remember = 1U << 20U;    ///< pages that left, to tell why they are missing
};

/// What came of it. But for `wall_seconds`, equal inputs give equal outcomes.
struct outcome {
  std::size_t finished = 0;              ///< requests that were answered
  std::size_t rejected = 0;              ///< that the whole pool could not hold
  std::uint64_t prompt_tokens = 0;       ///< of the requests that finished
  std::uint64_t generated_tokens = 0;    ///< by the requests that finished, all samples together
  std::uint64_t preemptions = 0;         ///< requests that gave way, each time
  std::uint64_t recomputed_tokens = 0;   ///< lost to preemptions, and not found when resumed
  std::uint64_t asked_tokens = 0;        ///< in prompts, when their requests began
  std::uint64_t hit_tokens = 0;          ///< of those, found
  std::uint64_t resumed_tokens = 0;      ///< that preempted requests had, when they began again
  std::uint64_t resumed_hit_tokens = 0;  ///< of those, found
  std::uint64_t prefill_tokens = 0;      ///< computed by steps, in prompts or after preemptions
  std::uint64_t restarts = 0;            ///< times that the last request had to empty the cache
  std::uint64_t steps = 0;               ///< of the clock
  gauges mean;                           ///< over the time in which anything ran
  gauges peak;                           ///< of each gauge by itself
  double waste_share = 0;                ///< mean waste, as a share of the pages' token positions
  memory_use memory;                     ///< shares over the time in which anything ran
  mapping_use mapping;                   ///< of systems that map
  tier_use tier;                         ///< of requests that gave way
  double stalled_share = 0;              ///< of the time of all steps, what they waited for it
  kvfolio::event_counts events;          ///< of the cache
  prefix_counts prefixes;                ///< what was found in it, and what was not
  std::vector<nanoseconds> first_token;  ///< from arrival to first token, of each that finished
  std::vector<nanoseconds> per_token;    ///< between two tokens of a request, on average
  nanoseconds clock = 0;                 ///< when the last request finished
  timeline over_time;                    ///< for charts
  std::uint64_t tokens_checked = 0;      ///< fingerprints that were compared, and right
  std::uint64_t state_digest = 0;        ///< of the empty cache that is left
  double wall_seconds = 0;               ///< that it really took

  /// Tokens of prompts that need not be computed, as a share of all, when requests first began.
  [[nodiscard]] double hit_token_rate() const {
    return asked_tokens == 0 ? 0
                             : static_cast<double>(hit_tokens) / static_cast<double>(asked_tokens);
  }
};

}  // namespace replay
