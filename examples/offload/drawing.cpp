// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include <offload/drawing.hpp>
#include <support/svg.hpp>

namespace offload {

namespace kt = kvfolio::tier;
using support::anchor;

namespace {

struct curve {
  std::string_view name;
  std::string_view colour;
  kt::way_back way;
  kt::seconds kt::explanation::*time;
};

constexpr curve curves[] = {
    {"recompute", "#b45309", kt::way_back::recompute, &kt::explanation::recompute},
    {"swap", "#1f6fb4", kt::way_back::swap, &kt::explanation::swap},
    {"split", "#2b8a3e", kt::way_back::split, &kt::explanation::split},
};

constexpr double left = 70;
constexpr double right = 760;
constexpr double top = 74;
constexpr double bottom = 470;

// A scale from `low` to `high` by their logarithms.
struct scale {
  double low, high, from, to;
  double operator()(double value) const {
    return from + std::log(value / low) / std::log(high / low) * (to - from);
  }
};

std::string time_label(double seconds) {
  if (seconds >= 1) return fmt::format("{:g} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:g} ms", std::round(seconds * 1e6) / 1e3);
  return fmt::format("{:g} us", std::round(seconds * 1e9) / 1e3);
}

}  // namespace

std::string drawing(const question& asked, const std::vector<row>& rows) {
  double least = 1e300;
  double most = 0;
  for (const auto& each : rows) {
    for (const auto& shown : curves) {
      const auto time = each.why.*shown.time;
      if (time == kt::explanation::impossible) continue;
      least = std::min(least, time.value());
      most = std::max(most, time.value());
    }
  }
  const scale x{static_cast<double>(rows.front().leaving.tokens),
                static_cast<double>(rows.back().leaving.tokens), left, right};
  const scale y{std::pow(10, std::floor(std::log10(least))),
                std::pow(10, std::ceil(std::log10(most * 1.0001))), bottom, top};

  const auto title = "Computing KV again, or moving it back: " + asked.name;
  support::svg picture{940, 530, title};
  picture.text({left, 26}, title, 15, anchor::start, true);
  picture.text(
      {left, 45},
      fmt::format("{:.4g} TFLOPS reached, {:.4g} GB/s, {:.3g} us a copy; swap is faster "
                  "above {:.3g} GB/s at {} tokens, {:.3g} at {}",
                  asked.costs.computing.linear.value() / 1e12,
                  asked.costs.in.bandwidth.value() / 1e9, asked.costs.in.each_copy.value() * 1e6,
                  rows.front().why.break_even.value() / 1e9, rows.front().leaving.tokens,
                  rows.back().why.break_even.value() / 1e9, rows.back().leaving.tokens),
      11);
  for (auto tick = y.low; tick <= y.high * 1.0001; tick *= 10) {
    picture.line({left, y(tick)}, {right, y(tick)}, tick == y.low ? "#222" : "#ddd");
    picture.text({left - 6, y(tick) + 4}, time_label(tick), 11, anchor::end);
  }
  for (const auto& each : rows) {
    const auto at = x(static_cast<double>(each.leaving.tokens));
    picture.line({at, bottom}, {at, bottom + 4}, "#222");
    picture.text({at, bottom + 18}, fmt::format("{}", each.leaving.tokens), 11, anchor::middle);
  }
  picture.text({(left + right) / 2, bottom + 40}, "tokens that leave and come back", 12,
               anchor::middle);

  auto line = top + 10;
  for (const auto& shown : curves) {
    std::vector<support::point> points;
    for (const auto& each : rows) {
      const auto time = each.why.*shown.time;
      if (time == kt::explanation::impossible) continue;
      points.push_back({x(static_cast<double>(each.leaving.tokens)), y(time.value())});
      if (each.why.best == shown.way) {
        picture.rect({points.back().x - 4, points.back().y - 4}, 8, 8, shown.colour);
      }
    }
    picture.curve(points, shown.colour);
    picture.rect({right + 24, line - 9}, 10, 10, shown.colour);
    picture.text({right + 40, line}, shown.name, 12);
    line += 20;
  }
  picture.text({right + 24, line}, "squares: the best", 11);
  return picture.file();
}

}  // namespace offload
