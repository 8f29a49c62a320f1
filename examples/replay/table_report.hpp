// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <replay/report.hpp>

namespace replay {

namespace detail {

inline std::string title(const trace& served) {
  return fmt::format("{} ({}), {} requests\n", served.name, served.format, served.requests.size());
}

// One run, in words.
inline std::string detailed_table(const reported& run) {
  const auto& [served, options, system, eviction, seen, rss, tier] = run;
  auto table = title(served);
  const auto row = [&](std::string_view what, const std::string& value) {
    fmt::format_to(std::back_inserter(table), "  {:<24}{}\n", what, value);
  };
  const auto milliseconds = [](const summary& of) {
    return fmt::format("{:.1f} ms mean, {:.1f} ms p50, {:.1f} ms p99", of.mean / 1e6,
                       static_cast<double>(of.p50) / 1e6, static_cast<double>(of.p99) / 1e6);
  };
  const auto& found = seen.prefixes;
  row("requests finished", fmt::format("{}, {} rejected", seen.finished, seen.rejected));
  row("tokens",
      fmt::format("{} of prompts, {} generated", seen.prompt_tokens, seen.generated_tokens));
  row("hit-token rate", fmt::format("{:.2f} %, {} of {} tokens", seen.hit_token_rate() * 100,
                                    seen.hit_tokens, seen.asked_tokens));
  row("pages hit", fmt::format("{}, {:.1f} s old on average", seen.events.page_hits,
                               found.age_at_hit.summed_up().mean / 1e9));
  row("pages missed",
      fmt::format("{} cold, {} for capacity, {} invalidated", found.missed(miss_cause::cold),
                  found.missed(miss_cause::capacity), found.missed(miss_cause::invalidated)));
  if (system != "paged") row("system", std::string{system});
  row("pages evicted", fmt::format("{} by {}, {} of them never found", found.evicted, eviction,
                                   found.evicted_unused));
  row("preemptions", fmt::format("{}, {} tokens computed again, {} found again", seen.preemptions,
                                 seen.recomputed_tokens, seen.resumed_hit_tokens));
  if (run.has_tier()) {
    const auto& moved = seen.tier;
    row(fmt::format("kept by {}", tier),
        fmt::format("{} pages stored, {} read, {} found; {} tokens computed meanwhile",
                    moved.stored_pages, moved.read_pages, moved.found_pages,
                    moved.computed_tokens));
    row("moved", fmt::format("{:.3f} GB by the model in {:.3f} s, {:.3f} MB really",
                             static_cast<double>(moved.model_bytes) / 1e9,
                             static_cast<double>(moved.moving) / 1e9,
                             static_cast<double>(moved.moved_bytes) / 1e6));
  }
  row("batch", fmt::format("{:.1f} sequences on average, {:.0f} at most", seen.mean.sequences,
                           seen.peak.sequences));
  row("pages in use", fmt::format("{:.0f} on average, {:.0f} at most, of {}", seen.mean.pages,
                                  seen.peak.pages, options.pages));
  row("pages cached",
      fmt::format("{:.0f} on average, {:.0f} at most", seen.mean.cached, seen.peak.cached));
  row("internal waste", fmt::format("{:.0f} tokens on average, {:.2f} % of the pages' room",
                                    seen.mean.waste_tokens, seen.waste_share * 100));
  row("memory holds",
      fmt::format("{:.1f} % tokens, {:.1f} % reserved, {:.1f} % internal and {:.1f} "
                  "% external waste",
                  seen.memory.token_states * 100, seen.memory.reserved * 100,
                  seen.memory.internal * 100, seen.memory.external * 100));
  if (seen.mapping.maps != 0) {
    row("memory mapped",
        fmt::format("{:.1f} GiB at most, by {} maps, {} accesses, {} unmaps",
                    static_cast<double>(run.peak_mapped_bytes()) / (1U << 30U), seen.mapping.maps,
                    seen.mapping.access_changes, seen.mapping.unmaps));
    row("stalls",
        fmt::format("{:.3f} s of {:.3f} s in these calls, {:.2f} % of all steps",
                    static_cast<double>(seen.mapping.stalled) / 1e9,
                    static_cast<double>(seen.mapping.calls) / 1e9, seen.stalled_share * 100));
  }
  row("page faults", fmt::format("{}", seen.events.page_faults));
  row("page copies",
      fmt::format("{}, {} saved by sharing", seen.events.page_copies, seen.events.copies_saved()));
  row("page reuses", fmt::format("{}", seen.events.page_reuses));
  row("time to first token", milliseconds(summarize(seen.first_token)));
  row("time per output token", milliseconds(summarize(seen.per_token)));
  row("clock",
      fmt::format("{:.3f} s in {} steps", static_cast<double>(seen.clock) / 1e9, seen.steps));
  row("wall time", fmt::format("{:.2f} s, {:.2f} M page operations a second", seen.wall_seconds,
                               run.page_operations_per_second() / 1e6));
  row("peak memory", fmt::format("{:.1f} MiB", static_cast<double>(rss) / 1048576));
  row("verified", options.verify ? fmt::format("{} tokens, all as written", seen.tokens_checked)
                                 : "no (see --verify)");
  return table;
}

// Several runs, a column each.
inline std::string comparing_table(std::span<const reported> runs) {
  auto table = title(runs.front().served);
  const auto row = [&](std::string_view what, const auto& value_of) {
    fmt::format_to(std::back_inserter(table), "  {:<24}", what);
    for (const auto& run : runs) {
      fmt::format_to(std::back_inserter(table), "{:>16}", value_of(run));
    }
    table += '\n';
  };
  const auto count = [&](std::string_view what, const auto& value_of) {
    row(what, [&](const reported& run) { return fmt::format("{}", value_of(run.seen)); });
  };
  const auto seconds = [&](std::string_view what, const auto& ns_of) {
    row(what, [&](const reported& run) {
      return fmt::format("{:.3f}", static_cast<double>(ns_of(run.seen)) / 1e9);
    });
  };
  const auto missed = [&](std::string_view what, miss_cause cause) {
    count(what, [&](const outcome& seen) { return seen.prefixes.missed(cause); });
  };
  row("", [&](const reported& run) { return name_among(runs, run); });
  count("requests finished", [](const outcome& seen) { return seen.finished; });
  row("hit-token rate, %",
      [](const reported& run) { return fmt::format("{:.4f}", run.seen.hit_token_rate() * 100); });
  count("hit tokens", [](const outcome& seen) { return seen.hit_tokens; });
  count("pages hit", [](const outcome& seen) { return seen.events.page_hits; });
  missed("missed: cold", miss_cause::cold);
  missed("missed: capacity", miss_cause::capacity);
  missed("missed: invalidated", miss_cause::invalidated);
  count("pages evicted", [](const outcome& seen) { return seen.prefixes.evicted; });
  count("evicted, never found", [](const outcome& seen) { return seen.prefixes.evicted_unused; });
  count("preemptions", [](const outcome& seen) { return seen.preemptions; });
  count("tokens computed again", [](const outcome& seen) { return seen.recomputed_tokens; });
  if (std::any_of(runs.begin(), runs.end(), [](const reported& run) { return run.has_tier(); })) {
    const auto moved = [&](std::string_view what, std::uint64_t tier_use::*which) {
      count(what, [&](const outcome& seen) { return seen.tier.*which; });
    };
    moved("pages stored", &tier_use::stored_pages);
    moved("pages read back", &tier_use::read_pages);
    moved("pages still found", &tier_use::found_pages);
    moved("tokens meanwhile", &tier_use::computed_tokens);
    moved("bytes, of the model", &tier_use::model_bytes);
    moved("bytes, really", &tier_use::moved_bytes);
    seconds("moving, s", [](const outcome& seen) { return seen.tier.moving; });
  }
  seconds("first token, mean s",
          [](const outcome& seen) { return summarize(seen.first_token).mean; });
  seconds("first token, p99 s",
          [](const outcome& seen) { return summarize(seen.first_token).p99; });
  seconds("clock, s", [](const outcome& seen) { return seen.clock; });
  count("steps", [](const outcome& seen) { return seen.steps; });
  const auto share = [&](std::string_view what, double memory_use::*which) {
    row(what,
        [&](const reported& run) { return fmt::format("{:.1f}", run.seen.memory.*which * 100); });
  };
  row("batch, mean",
      [](const reported& run) { return fmt::format("{:.1f}", run.seen.mean.sequences); });
  share("memory: tokens, %", &memory_use::token_states);
  share("memory: reserved, %", &memory_use::reserved);
  share("memory: internal, %", &memory_use::internal);
  share("memory: external, %", &memory_use::external);
  count("map calls", [](const outcome& seen) { return seen.mapping.maps; });
  count("access calls", [](const outcome& seen) { return seen.mapping.access_changes; });
  count("unmap calls", [](const outcome& seen) { return seen.mapping.unmaps; });
  row("stalls, % of steps",
      [](const reported& run) { return fmt::format("{:.3f}", run.seen.stalled_share * 100); });
  row("peak use, k tokens", [](const reported& run) {
    return fmt::format("{:.1f}", static_cast<double>(run.peak_tokens()) / 1e3);
  });
  row("peak mapped, k tokens", [](const reported& run) {
    return fmt::format("{:.1f}", static_cast<double>(run.seen.mapping.peak_pages) *
                                     run.options.tokens_per_page / 1e3);
  });
  row("wall time, s",
      [](const reported& run) { return fmt::format("{:.2f}", run.seen.wall_seconds); });
  count("tokens verified", [](const outcome& seen) { return seen.tokens_checked; });
  return table;
}

}  // namespace detail

/// Returns the report as a table to read: of one run in detail, of several a column each.
[[nodiscard]] inline std::string table_report(std::span<const reported> runs) {
  return runs.size() == 1 ? detail::detailed_table(runs.front()) : detail::comparing_table(runs);
}

}  // namespace replay
