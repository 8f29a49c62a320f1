// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <replay/report.hpp>
#include <support/svg.hpp>

namespace replay {

namespace detail {

// A line of figures below the bars.
struct figure_line {
  const char* title;
  std::string (*text)(const reported&);
};

inline constexpr std::array figure_lines{
    figure_line{"batch, mean",
                [](const reported& run) { return fmt::format("{:.1f}", run.seen.mean.sequences); }},
    figure_line{
        "hit-token rate, %",
        [](const reported& run) { return fmt::format("{:.1f}", run.seen.hit_token_rate() * 100); }},
    figure_line{"peak use, k tokens",
                [](const reported& run) {
                  return fmt::format("{:.0f}", static_cast<double>(run.peak_tokens()) / 1e3);
                }},
    figure_line{"map calls",
                [](const reported& run) { return fmt::format("{}", run.seen.mapping.maps); }},
    figure_line{
        "stalls, % of steps",
        [](const reported& run) { return fmt::format("{:.2f}", run.seen.stalled_share * 100); }},
    figure_line{"first token, mean s",
                [](const reported& run) {
                  return fmt::format("{:.2f}", summarize(run.seen.first_token).mean / 1e9);
                }},
    figure_line{"clock, s", [](const reported& run) {
                  return fmt::format("{:.1f}", static_cast<double>(run.seen.clock) / 1e9);
                }}};

// A part of a bar.
struct memory_share {
  const char* name;
  const char* colour;
  double memory_use::*value;
};

inline constexpr std::array memory_shares{
    memory_share{"tokens", "#1f6fb4", &memory_use::token_states},
    memory_share{"reserved", "#8cb8d9", &memory_use::reserved},
    memory_share{"internal", "#c85a17", &memory_use::internal},
    memory_share{"external", "#f0c29a", &memory_use::external}};

}  // namespace detail

/// Draws what the memory of each system was good for, and what else tells them apart, as an SVG
/// file.
[[nodiscard]] inline std::string systems_chart(std::span<const reported> runs) {
  using namespace detail;
  using support::anchor;
  constexpr double left = 150;
  constexpr double column = 118;
  constexpr double bar = 70;
  constexpr double top = 84;
  constexpr double height = 260;
  constexpr double line = 20;
  const auto bottom = top + height;
  const auto right = left + column * static_cast<double>(runs.size());
  const auto title = "replay: systems on " + runs.front().served.name;
  support::svg drawing{right + 20, bottom + 42 + line * figure_lines.size(), title};
  drawing.text({20, 24}, title, 16, anchor::start, true);
  drawing.text({20, 42}, "what the token positions of KV memory are good for, %", 12);
  auto at = 20.0;
  for (const auto& share : memory_shares) {
    drawing.rect({at, 52}, 10, 10, share.colour);
    drawing.text({at + 15, 61}, share.name, 11);
    at += 90;
  }
  for (int percent = 0; percent <= 100; percent += 20) {
    const auto y = bottom - percent * height / 100;
    drawing.line({left, y}, {right, y}, percent == 0 ? "#222" : "#ddd");
    drawing.text({left - 6, y + 4}, fmt::format("{}", percent), 11, anchor::end);
  }
  for (std::size_t i = 0; i < figure_lines.size(); ++i) {
    drawing.text({20, bottom + 42 + line * static_cast<double>(i)}, figure_lines[i].title, 12);
  }
  auto middle = left + column / 2;
  for (const auto& run : runs) {
    auto y = bottom;
    for (const auto& share : memory_shares) {
      const auto value = run.seen.memory.*share.value;
      y -= value * height;
      drawing.rect({middle - bar / 2, y}, bar, value * height, share.colour);
      if (value >= 0.04) {
        drawing.text({middle, y + value * height / 2 + 4}, fmt::format("{:.1f}", value * 100), 11,
                     anchor::middle);
      }
    }
    drawing.text({middle, bottom + 18}, name_among(runs, run), 12, anchor::middle, true);
    for (std::size_t i = 0; i < figure_lines.size(); ++i) {
      drawing.text({middle, bottom + 42 + line * static_cast<double>(i)}, figure_lines[i].text(run),
                   12, anchor::middle);
    }
    middle += column;
  }
  return drawing.file();
}

}  // namespace replay
