// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <replay/outcome.hpp>
#include <replay/row_shape.hpp>
#include <replay/trace.hpp>

namespace replay {

/// Everything a report is made of.
struct reported {
  const trace& served;             ///< what was asked
  const serving_options& options;  ///< how it was served
  std::string_view system;         ///< by which system
  std::string_view eviction;       ///< by which policy; "none" if nothing was found again
  const outcome& seen;             ///< what came of it
  std::uint64_t peak_rss_bytes;    ///< of the process
  std::string_view tier = "none";  ///< of requests that give way; "none" if they begin again

  /// Are requests that give way kept?
  [[nodiscard]] bool has_tier() const { return tier != "none"; }

  /// Token positions that sequences had at most in a step; those that they share count once.
  [[nodiscard]] std::uint64_t peak_tokens() const {
    return static_cast<std::uint64_t>(seen.peak.pages) * options.tokens_per_page;
  }
  /// Bytes of memory that were mapped at most, if they hold what the model keeps.
  [[nodiscard]] std::uint64_t peak_mapped_bytes() const {
    const auto pages = seen.mapping.peak_pages;
    return pages == 0 ? 0 : row_shape{options.mapping}.bytes() * pages;
  }

  /// Pages taken and given back, each second that really passed, checks included.
  [[nodiscard]] double page_operations_per_second() const {
    const auto& events = seen.events;
    const auto operations = events.pages_allocated() + events.pages_freed + events.pages_evicted;
    return seen.wall_seconds > 0 ? static_cast<double>(operations) / seen.wall_seconds : 0;
  }
};

/// What `run` is called among `runs`: by its tier, or by its policy, if it is not the only one of
/// its system.
[[nodiscard]] inline std::string_view name_among(std::span<const reported> runs,
                                                 const reported& run) {
  if (run.has_tier() && runs.size() > 1) return run.tier;
  const auto alike = std::count_if(
      runs.begin(), runs.end(), [&](const reported& other) { return other.system == run.system; });
  return alike > 1 || runs.size() == 1 ? run.eviction : run.system;
}

namespace detail {

inline nlohmann::ordered_json to_json(const summary& of) {
  return {{"mean", of.mean}, {"p50", of.p50}, {"p99", of.p99}, {"count", of.durations}};
}

inline nlohmann::ordered_json to_json(const gauges& of) {
  return {{"pages", of.pages},
          {"cached_pages", of.cached},
          {"waste_tokens", of.waste_tokens},
          {"sequences", of.sequences},
          {"waiting", of.waiting}};
}

// By depth 0, 1, 2-3, 4-7, ... up to the deepest page that was found.
inline nlohmann::ordered_json by_depth(std::span<const std::uint64_t> counts) {
  while (!counts.empty() && counts.back() == 0) counts = counts.first(counts.size() - 1);
  auto all = nlohmann::ordered_json::array();
  for (const auto count : counts) all.push_back(count);
  return all;
}

inline nlohmann::ordered_json reuse_json(const outcome& seen) {
  const auto& found = seen.prefixes;
  return {{"hit_token_rate", std::round(seen.hit_token_rate() * 1e6) / 1e6},
          {"asked_tokens", seen.asked_tokens},
          {"hit_tokens", seen.hit_tokens},
          {"resumed_tokens", seen.resumed_tokens},
          {"resumed_hit_tokens", seen.resumed_hit_tokens},
          {"prefill_tokens", seen.prefill_tokens},
          {"hit_pages", seen.events.page_hits},
          {"hit_pages_by_depth", by_depth(found.hits_by_depth)},
          {"missed_pages",
           {{"cold", found.missed(miss_cause::cold)},
            {"capacity", found.missed(miss_cause::capacity)},
            {"invalidated", found.missed(miss_cause::invalidated)},
            {"withdrawn", found.missed(miss_cause::withdrawn)}}},
          {"indexed_pages", seen.events.pages_indexed},
          {"evicted_pages", found.evicted},
          {"evicted_unused_pages", found.evicted_unused},
          {"age_at_hit_ns", to_json(found.age_at_hit.summed_up())},
          {"age_at_eviction_ns", to_json(found.age_at_eviction.summed_up())},
          {"restarts", seen.restarts}};
}

inline nlohmann::ordered_json settings_json(const reported& run) {
  const auto& options = run.options;
  return {{"system", run.system},
          {"eviction", run.eviction},
          {"pages", options.pages},
          {"tokens_per_page", options.tokens_per_page},
          {"token_bytes", options.token_bytes},
          {"chunk", options.chunk},
          {"prefill_tps", options.hardware.prefill_tps},
          {"decode_sps", options.hardware.decode_sps},
          {"watermark", options.watermark},
          {"admit", to_string(options.admit)},
          {"patience", options.patience},
          {"max_batch", options.max_batch},
          {"samples", options.samples},
          {"invalidate_every_ns", options.invalidate_every},
          {"remember", options.remember},
          {"verify", options.verify},
          {"model", options.mapping.model},
          {"chunk_kib", options.mapping.chunk_kib},
          {"extension", options.mapping.background ? "background" : "sync"},
          {"map_ns", options.mapping.calls.map},
          {"access_ns", options.mapping.calls.access},
          {"unmap_ns", options.mapping.calls.unmap}};
}

inline nlohmann::ordered_json tier_json(const reported& run) {
  const auto& seen = run.seen.tier;
  return {{"name", run.tier},
          {"store", run.options.tiers.store},
          {"link_gbps", run.options.tiers.link_gbps},
          {"stored_pages", seen.stored_pages},
          {"read_pages", seen.read_pages},
          {"found_pages", seen.found_pages},
          {"computed_tokens", seen.computed_tokens},
          {"model_bytes", seen.model_bytes},
          {"moved_bytes", seen.moved_bytes},
          {"moving_ns", seen.moving}};
}

inline nlohmann::ordered_json run_json(const reported& run) {
  const auto& served = run.served;
  const auto& seen = run.seen;
  return {{"trace",
           {{"name", served.name},
            {"format", served.format},
            {"requests", served.requests.size()},
            {"tokens_per_hash", served.tokens_per_hash}}},
          {"settings", settings_json(run)},
          {"requests",
           {{"finished", seen.finished},
            {"rejected", seen.rejected},
            {"prompt_tokens", seen.prompt_tokens},
            {"generated_tokens", seen.generated_tokens},
            {"preemptions", seen.preemptions},
            {"recomputed_tokens", seen.recomputed_tokens}}},
          {"reuse", reuse_json(seen)},
          {"mean", to_json(seen.mean)},
          {"peak", to_json(seen.peak)},
          {"waste_share", seen.waste_share},
          {"memory",
           {{"token_states", seen.memory.token_states},
            {"reserved", seen.memory.reserved},
            {"internal", seen.memory.internal},
            {"external", seen.memory.external}}},
          {"peak_tokens", run.peak_tokens()},
          {"mapping",
           {{"maps", seen.mapping.maps},
            {"access_changes", seen.mapping.access_changes},
            {"unmaps", seen.mapping.unmaps},
            {"calls_ns", seen.mapping.calls},
            {"stalled_ns", seen.mapping.stalled},
            {"stalled_share", seen.stalled_share},
            {"peak_pages", seen.mapping.peak_pages},
            {"peak_bytes", run.peak_mapped_bytes()}}},
          {"events",
           {{"page_faults", seen.events.page_faults},
            {"page_copies", seen.events.page_copies},
            {"copies_saved", seen.events.copies_saved()},
            {"page_reuses", seen.events.page_reuses},
            {"pages_freed", seen.events.pages_freed},
            {"tokens_copied", seen.events.tokens_copied},
            {"forks", seen.events.forks},
            {"failures", seen.events.failures}}},
          {"clock",
           {{"ns", seen.clock},
            {"steps", seen.steps},
            {"first_token_ns", to_json(summarize(seen.first_token))},
            {"per_token_ns", to_json(summarize(seen.per_token))}}},
          {"verified",
           {{"tokens_checked", seen.tokens_checked},
            {"state_digest", fmt::format("{:016x}", seen.state_digest)}}},
          {"wall",
           {{"seconds", seen.wall_seconds},
            {"page_operations_per_second", run.page_operations_per_second()},
            {"peak_rss_bytes", run.peak_rss_bytes}}}};
}

// With what only some runs have.
inline nlohmann::ordered_json whole_json(const reported& run) {
  auto made = run_json(run);
  if (run.has_tier()) made["tier"] = tier_json(run);
  return made;
}

}  // namespace detail

/// Returns the report as JSON, of several runs as an array; README.md says what each key means.
[[nodiscard]] inline std::string json_report(std::span<const reported> runs) {
  if (runs.size() == 1) return detail::whole_json(runs.front()).dump(2) + '\n';
  auto all = nlohmann::ordered_json::array();
  for (const auto& run : runs) all.push_back(detail::whole_json(run));
  return all.dump(2) + '\n';
}

}  // namespace replay
