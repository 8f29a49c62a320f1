// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <replay/report.hpp>
#include <replay/systems_chart.hpp>
#include <support/time_chart.hpp>

namespace replay {

namespace detail {

using gauge = double gauges::*;

inline std::vector<double> values_of(const std::vector<gauges>& averages, gauge which,
                                     double scale = 1) {
  std::vector<double> values;
  values.reserve(averages.size());
  for (const auto& each : averages) values.push_back(each.*which * scale);
  return values;
}

// The middles of `count` stretches.
inline std::vector<double> middles(std::size_t count, nanoseconds width) {
  std::vector<double> seconds(count);
  for (std::size_t i = 0; i < count; ++i) {
    seconds[i] = (static_cast<double>(i) + 0.5) * static_cast<double>(width) / 1e9;
  }
  return seconds;
}

inline std::string hardware_of(const serving_options& options) {
  return fmt::format("{} pages of {} tokens, chunks of {}, {} prompt tokens/s, {} decode steps/s",
                     options.pages, options.tokens_per_page, options.chunk,
                     options.hardware.prefill_tps, options.hardware.decode_sps);
}

inline support::time_chart chart_of(const reported& run) {
  const auto& seen = run.seen;
  const auto averages = seen.over_time.averages();
  auto occupied = averages;
  for (auto& each : occupied) each.cached += each.pages;
  const auto limit = static_cast<double>(run.options.pages);
  return {.title = "replay: " + run.served.name,
          .subtitle =
              fmt::format("{} requests finished, {} rejected, {} preemptions; {}; {}",
                          seen.finished, seen.rejected, seen.preemptions, hardware_of(run.options),
                          run.system == "paged" ? run.eviction : run.system),
          .seconds = middles(averages.size(), seen.over_time.width()),
          .panels = {{"pages",
                      {{"in use", "#1f6fb4", values_of(averages, &gauges::pages)},
                       {"in use or cached", "#2b8a3e", values_of(occupied, &gauges::cached)}},
                      limit,
                      "pool"},
                     {"hit-token rate so far, %",
                      {{"of prompts", "#2b8a3e", values_of(averages, &gauges::hit_rate, 100)}},
                      0,
                      {}},
                     {"internal waste, tokens",
                      {{"positions past the end of a sequence", "#c85a17",
                        values_of(averages, &gauges::waste_tokens)}},
                      0,
                      {}},
                     {"batch",
                      {{"sequences running", "#2b8a3e", values_of(averages, &gauges::sequences)}},
                      0,
                      {}},
                     {"queue",
                      {{"requests waiting", "#8a3ea8", values_of(averages, &gauges::waiting)}},
                      0,
                      {}}}};
}

inline support::time_chart comparing_chart(std::span<const reported> runs) {
  static constexpr std::array<const char*, 6> colours{"#1f6fb4", "#c85a17", "#2b8a3e",
                                                      "#8a3ea8", "#b8860b", "#d6336c"};
  nanoseconds width = 0;
  std::size_t count = 0;
  for (const auto& run : runs) width = std::max(width, run.seen.over_time.width());
  std::vector<std::vector<gauges>> averages;
  for (const auto& run : runs) {
    auto line = run.seen.over_time;
    line.widen_to(width);
    averages.push_back(line.averages());
    count = std::max(count, averages.back().size());
  }
  support::time_chart chart{.title = "replay: " + runs.front().served.name,
                            .subtitle = hardware_of(runs.front().options),
                            .seconds = middles(count, width),
                            .panels = {}};
  const auto add = [&](const char* title, gauge which, double scale, double limit) {
    support::panel shown{title, {}, limit, "pool"};
    for (std::size_t i = 0; i < runs.size(); ++i) {
      shown.all.push_back({std::string{name_among(runs, runs[i])}, colours.at(i % colours.size()),
                           values_of(averages[i], which, scale)});
    }
    chart.panels.push_back(std::move(shown));
  };
  add("hit-token rate so far, %", &gauges::hit_rate, 100, 0);
  add("pages in use", &gauges::pages, 1, static_cast<double>(runs.front().options.pages));
  add("pages cached", &gauges::cached, 1, 0);
  add("batch", &gauges::sequences, 1, 0);
  add("queue", &gauges::waiting, 1, 0);
  return chart;
}

}  // namespace detail

/// Returns the run over time, or runs of several policies beside each other, or what tells several
/// systems apart, as an SVG file.
[[nodiscard]] inline std::string svg_report(std::span<const reported> runs) {
  if (runs.size() == 1) return support::draw(detail::chart_of(runs.front()));
  for (const auto& run : runs) {
    if (run.system != runs.front().system) return systems_chart(runs);
  }
  return support::draw(detail::comparing_chart(runs));
}

}  // namespace replay
