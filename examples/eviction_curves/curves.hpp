// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <support/svg.hpp>

namespace curves {

/// What one policy reached.
struct curve {
  std::string name;           ///< of the policy
  std::vector<double> rates;  ///< hit-token rates in percent, by capacity
  /// Their mean, by which a legend is sorted.
  [[nodiscard]] double mean() const {
    double sum = 0;
    for (const auto rate : rates) sum += rate;
    return rates.empty() ? 0 : sum / static_cast<double>(rates.size());
  }
};

/// Policies over the capacities of a pool.
struct comparison {
  std::string title;                    ///< of the drawing
  std::vector<std::size_t> capacities;  ///< in blocks, ascending, two at least
  std::vector<curve> all;               ///< in the order in which they are drawn
};

/// Returns the comparison as a table of text, the best mean first.
[[nodiscard]] inline std::string table(const comparison& shown) {
  auto sorted = shown.all;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const curve& one, const curve& other) { return one.mean() > other.mean(); });
  auto text = fmt::format("{}\nhit-token rate, %\n{:<24}", shown.title, "blocks");
  for (const auto capacity : shown.capacities) text += fmt::format("{:>8}", capacity);
  text += fmt::format("{:>8}\n", "mean");
  for (const auto& each : sorted) {
    text += fmt::format("{:<24}", each.name);
    for (const auto rate : each.rates) text += fmt::format("{:>8.2f}", rate);
    text += fmt::format("{:>8.2f}\n", each.mean());
  }
  return text;
}

/// Returns the comparison as an SVG file: a curve a policy, over the logarithm of the capacity, and
/// a legend with the means. What is named `best` and `marked` stands out.
[[nodiscard]] inline std::string drawing(const comparison& shown, std::string_view best,
                                         std::string_view marked) {
  using support::anchor;
  static constexpr std::array<const char*, 10> colours{"#1f6fb4", "#2b8a3e", "#8a3ea8", "#b8860b",
                                                       "#0b8793", "#7a5230", "#6b7280", "#4c5fd5",
                                                       "#9aa51b", "#d6336c"};
  constexpr double left = 56;
  constexpr double right = 700;
  constexpr double top = 50;
  constexpr double bottom = 520;
  double most = 5;
  for (const auto& each : shown.all) {
    for (const auto rate : each.rates) most = std::max(most, std::ceil(rate / 5) * 5);
  }
  const auto low = std::log(static_cast<double>(shown.capacities.front()));
  const auto high = std::log(static_cast<double>(shown.capacities.back()));
  const auto x = [&](std::size_t capacity) {
    return left + (std::log(static_cast<double>(capacity)) - low) / (high - low) * (right - left);
  };
  const auto y = [&](double rate) { return bottom - rate / most * (bottom - top); };

  support::svg picture{920, 570, shown.title};
  picture.text({left, 26}, shown.title, 15, anchor::start, true);
  for (double rate = 0; rate <= most; rate += 5) {
    picture.line({left, y(rate)}, {right, y(rate)}, rate == 0 ? "#222" : "#ddd");
    picture.text({left - 6, y(rate) + 4}, fmt::format("{:g}", rate), 11, anchor::end);
  }
  for (const auto capacity : shown.capacities) {
    picture.line({x(capacity), bottom}, {x(capacity), bottom + 4}, "#222");
    picture.text({x(capacity), bottom + 18}, fmt::format("{}", capacity), 11, anchor::middle);
  }
  picture.text({(left + right) / 2, bottom + 38}, "blocks in the pool", 12, anchor::middle);
  picture.text({left, top - 8}, "hit-token rate, %", 11);

  auto legend = shown.all;
  std::stable_sort(legend.begin(), legend.end(),
                   [](const curve& one, const curve& other) { return one.mean() > other.mean(); });
  auto line = top + 4;
  std::size_t next = 0;
  picture.text({right + 210, line - 12}, "mean", 11, anchor::end);
  for (const auto& each : legend) {
    const std::string_view colour = each.name == best     ? "#222"
                                    : each.name == marked ? "#e11d1d"
                                                          : colours.at(next++ % colours.size());
    const bool stands_out = each.name == best || each.name == marked;
    std::vector<support::point> points;
    for (std::size_t i = 0; i < each.rates.size(); ++i) {
      points.push_back({x(shown.capacities[i]), y(each.rates[i])});
    }
    picture.curve(points, colour);
    for (const auto& at : points) {
      if (stands_out) picture.rect({at.x - 3, at.y - 3}, 6, 6, colour);
    }
    picture.rect({right + 24, line - 9}, 10, 10, colour);
    picture.text({right + 40, line}, each.name, 11, anchor::start, stands_out);
    picture.text({right + 210, line}, fmt::format("{:.2f}", each.mean()), 11, anchor::end);
    line += 19;
  }
  return picture.file();
}

}  // namespace curves
