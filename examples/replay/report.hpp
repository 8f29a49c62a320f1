// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <replay/outcome.hpp>
#include <replay/trace.hpp>
#include <support/time_chart.hpp>

namespace replay {

/// Everything a report is made of.
struct reported {
  const trace& served;             ///< what was asked
  const serving_options& options;  ///< how it was served
  const outcome& seen;             ///< what came of it
  std::uint64_t peak_rss_bytes;    ///< of the process

  /// Pages taken and given back, each second that really passed, checks included.
  [[nodiscard]] double page_operations_per_second() const {
    const auto operations = seen.events.pages_allocated() + seen.events.pages_freed;
    return seen.wall_seconds > 0 ? static_cast<double>(operations) / seen.wall_seconds : 0;
  }
};

namespace detail {

inline nlohmann::ordered_json to_json(const summary& of) {
  return {{"mean", of.mean}, {"p50", of.p50}, {"p99", of.p99}, {"count", of.durations}};
}

inline nlohmann::ordered_json to_json(const gauges& of) {
  return {{"pages", of.pages},
          {"waste_tokens", of.waste_tokens},
          {"sequences", of.sequences},
          {"waiting", of.waiting}};
}

}  // namespace detail

/// Returns the report as JSON; README.md says what each key means.
[[nodiscard]] inline std::string json_report(const reported& run) {
  const auto& [served, options, seen, rss] = run;
  const nlohmann::ordered_json report = {
      {"trace",
       {{"name", served.name},
        {"format", served.format},
        {"requests", served.requests.size()},
        {"tokens_per_hash", served.tokens_per_hash}}},
      {"settings",
       {{"pages", options.pages},
        {"tokens_per_page", options.tokens_per_page},
        {"token_bytes", options.token_bytes},
        {"chunk", options.chunk},
        {"prefill_tps", options.hardware.prefill_tps},
        {"decode_sps", options.hardware.decode_sps},
        {"watermark", options.watermark},
        {"max_batch", options.max_batch},
        {"samples", options.samples},
        {"verify", options.verify}}},
      {"requests",
       {{"finished", seen.finished},
        {"rejected", seen.rejected},
        {"prompt_tokens", seen.prompt_tokens},
        {"generated_tokens", seen.generated_tokens},
        {"preemptions", seen.preemptions},
        {"recomputed_tokens", seen.recomputed_tokens}}},
      {"mean", detail::to_json(seen.mean)},
      {"peak", detail::to_json(seen.peak)},
      {"waste_share", seen.waste_share},
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
        {"first_token_ns", detail::to_json(summarize(seen.first_token))},
        {"per_token_ns", detail::to_json(summarize(seen.per_token))}}},
      {"verified",
       {{"tokens_checked", seen.tokens_checked},
        {"state_digest", fmt::format("{:016x}", seen.state_digest)}}},
      {"wall",
       {{"seconds", seen.wall_seconds},
        {"page_operations_per_second", run.page_operations_per_second()},
        {"peak_rss_bytes", rss}}}};
  return report.dump(2) + '\n';
}

/// Returns the report as a table to read.
[[nodiscard]] inline std::string table_report(const reported& run) {
  const auto& [served, options, seen, rss] = run;
  std::string table;
  const auto row = [&](std::string_view what, const std::string& value) {
    fmt::format_to(std::back_inserter(table), "  {:<24}{}\n", what, value);
  };
  const auto milliseconds = [](const summary& of) {
    return fmt::format("{:.1f} ms mean, {:.1f} ms p50, {:.1f} ms p99", of.mean / 1e6,
                       static_cast<double>(of.p50) / 1e6, static_cast<double>(of.p99) / 1e6);
  };
  table +=
      fmt::format("{} ({}), {} requests\n", served.name, served.format, served.requests.size());
  row("requests finished", fmt::format("{}, {} rejected", seen.finished, seen.rejected));
  row("tokens",
      fmt::format("{} of prompts, {} generated", seen.prompt_tokens, seen.generated_tokens));
  row("preemptions",
      fmt::format("{}, {} tokens computed again", seen.preemptions, seen.recomputed_tokens));
  row("batch", fmt::format("{:.1f} sequences on average, {:.0f} at most", seen.mean.sequences,
                           seen.peak.sequences));
  row("pages in use", fmt::format("{:.0f} on average, {:.0f} at most, of {}", seen.mean.pages,
                                  seen.peak.pages, options.pages));
  row("internal waste", fmt::format("{:.0f} tokens on average, {:.2f} % of the pages' room",
                                    seen.mean.waste_tokens, seen.waste_share * 100));
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

/// Returns the run over time, as an SVG file.
[[nodiscard]] inline std::string svg_report(const reported& run) {
  const auto& seen = run.seen;
  support::time_chart chart{
      .title = "replay: " + run.served.name,
      .subtitle = fmt::format(
          "{} requests finished, {} rejected, {} preemptions; {} pages of {} tokens, chunks of {}, "
          "{} prompt tokens/s, {} decode steps/s",
          seen.finished, seen.rejected, seen.preemptions, run.options.pages,
          run.options.tokens_per_page, run.options.chunk, run.options.hardware.prefill_tps,
          run.options.hardware.decode_sps),
      .seconds = {},
      .panels = {}};
  support::series pages{"pages in use", "#1f6fb4", {}};
  support::series waste{"positions past the end of a sequence", "#c85a17", {}};
  support::series batch{"sequences running", "#2b8a3e", {}};
  support::series waiting{"requests waiting", "#8a3ea8", {}};
  const auto averages = seen.over_time.averages();
  for (std::size_t i = 0; i < averages.size(); ++i) {
    const auto middle = static_cast<double>(i) + 0.5;
    chart.seconds.push_back(middle * static_cast<double>(seen.over_time.width()) / 1e9);
    pages.values.push_back(averages[i].pages);
    waste.values.push_back(averages[i].waste_tokens);
    batch.values.push_back(averages[i].sequences);
    waiting.values.push_back(averages[i].waiting);
  }
  chart.panels = {{"pages", {pages}, static_cast<double>(run.options.pages), "pool"},
                  {"internal waste, tokens", {waste}, 0, {}},
                  {"batch", {batch}, 0, {}},
                  {"queue", {waiting}, 0, {}}};
  return support::draw(chart);
}

}  // namespace replay
