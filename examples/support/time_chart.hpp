// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <support/svg.hpp>

namespace support {

/// One curve of a panel.
struct series {
  std::string name;            ///< for the legend
  std::string colour;          ///< as SVG writes it
  std::vector<double> values;  ///< one for each time of the chart
};

/// One plot of a chart. Its first series is drawn as an area.
struct panel {
  std::string title;        ///< what is plotted, and in what unit
  std::vector<series> all;  ///< at least one
  double limit = 0;         ///< a dashed line, if above 0
  std::string limit_name;   ///< its legend
};

/// Panels above each other that share their time axis.
struct time_chart {
  std::string title;            ///< of the whole
  std::string subtitle;         ///< under it, in small print
  std::vector<double> seconds;  ///< ascending
  std::vector<panel> panels;    ///< from the top
};

namespace detail {

// The step of about `count` round ticks from 0 to `most`.
inline double tick_step(double most, double count) {
  if (!(most > 0)) return 1;
  const auto rough = most / count;
  const auto power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double round : {1.0, 2.0, 5.0}) {
    if (rough <= round * power * 1.0001) return round * power;
  }
  return 10 * power;
}

inline std::string tick_label(double value) {
  if (value >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:g}", value);
}

inline constexpr double chart_width = 960;
inline constexpr double chart_left = 62;    // of the plots
inline constexpr double chart_right = 940;  // of the plots
inline constexpr double chart_top = 62;     // of the first panel
inline constexpr double panel_height = 150;
inline constexpr double plot_height = 112;

// A coloured square or dash and its name for each thing in the panel, from the right.
inline void draw_legend(svg& drawing, const panel& shown, double y) {
  auto right = chart_right;
  const auto entry = [&](const std::string& name, const std::string& colour, bool dash) {
    drawing.text({right, y}, name, 11, anchor::end);
    right -= 7 * static_cast<double>(name.size()) + 16;
    if (dash) {
      drawing.line({right, y - 4}, {right + 12, y - 4}, colour, true);
    } else {
      drawing.rect({right, y - 9}, 10, 10, colour);
    }
    right -= 14;
  };
  if (shown.limit > 0) entry(shown.limit_name, "#555", true);
  for (const auto& each : shown.all) entry(each.name, each.colour, false);
}

inline void draw_panel(svg& drawing, const time_chart& chart, const panel& shown, double top) {
  auto most = shown.limit;
  for (const auto& each : shown.all) {
    for (const auto value : each.values) most = std::max(most, value);
  }
  const auto step = tick_step(most, 4);
  const auto highest = std::max(step, std::ceil(most / step - 1e-9) * step);
  const auto last = std::max(chart.seconds.empty() ? 0 : chart.seconds.back(), 1e-9);
  const auto bottom = top + plot_height;
  const auto x = [&](double at) { return chart_left + at / last * (chart_right - chart_left); };
  const auto y = [&](double value) { return bottom - value / highest * plot_height; };

  drawing.text({chart_left, top - 7}, shown.title, 12, anchor::start, true);
  draw_legend(drawing, shown, top - 7);
  for (int i = 0; i * step <= highest * 1.0001; ++i) {
    const auto tick = i * step;
    drawing.line({chart_left, y(tick)}, {chart_right, y(tick)}, i == 0 ? "#222" : "#ddd");
    drawing.text({chart_left - 6, y(tick) + 4}, tick_label(tick), 11, anchor::end);
  }
  const auto time_step = tick_step(last, 10);
  for (int i = 0; i * time_step <= last * 1.0001; ++i) {
    const auto tick = i * time_step;
    drawing.line({x(tick), bottom}, {x(tick), bottom + 4}, "#222");
    if (&shown == &chart.panels.back()) {
      drawing.text({x(tick), bottom + 17}, tick_label(tick), 11, anchor::middle);
    }
  }
  for (const auto& each : shown.all) {
    std::vector<point> points;
    for (std::size_t i = 0; i < each.values.size(); ++i) {
      points.push_back({x(chart.seconds[i]), y(each.values[i])});
    }
    drawing.curve(points, each.colour, &each == &shown.all.front() ? &bottom : nullptr);
  }
  if (shown.limit > 0) {
    drawing.line({chart_left, y(shown.limit)}, {chart_right, y(shown.limit)}, "#555", true);
  }
}

}  // namespace detail

/// Draws `chart` as an SVG file.
[[nodiscard]] inline std::string draw(const time_chart& chart) {
  using namespace detail;
  const auto height = chart_top + panel_height * static_cast<double>(chart.panels.size()) + 24;
  svg drawing{chart_width, height, chart.title};
  drawing.text({chart_left, 22}, chart.title, 16, anchor::start, true);
  drawing.text({chart_left, 39}, chart.subtitle, 11);
  auto top = chart_top + 8;
  for (const auto& each : chart.panels) {
    draw_panel(drawing, chart, each, top);
    top += panel_height;
  }
  drawing.text({(chart_left + chart_right) / 2, height - 8}, "seconds of the clock", 11,
               anchor::middle);
  return drawing.file();
}

}  // namespace support
