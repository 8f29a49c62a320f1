// SPDX-License-Identifier: Apache-2.0
#include "support/drawing.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <support/svg.hpp>

namespace kvfolio::bench {

std::string draw(const std::vector<answer>& answers, const std::string& title) {
  constexpr double left = 290;
  constexpr double right = 700;
  constexpr double top = 60;
  constexpr double line = 22;
  double least = 1;
  double most = 2;
  for (const auto& each : answers) {
    least = std::min(least, each.ratio());
    most = std::max({most, each.ratio(), each.most.ratio});
  }
  const auto x = [&](double ratio) {
    return left + (right - left) * std::log(ratio / least) / std::log(most / least);
  };
  const auto bottom = top + line * static_cast<double>(answers.size());

  ::support::svg drawing{right + 150, bottom + 40, title};
  drawing.text({20, 26}, title, 15, ::support::anchor::start, true);
  drawing.text({20, 44}, "Times the cost of a bare loop that does the same; dashed: at most.", 11);
  auto y = top;
  for (const auto& each : answers) {
    drawing.text({left - 8, y + 15}, each.text, 11, ::support::anchor::end);
    const auto [from, to] = std::minmax({x(1), x(each.ratio())});
    drawing.rect({from, y + 4}, to - from, line - 8, each.met() ? "#4477aa" : "#cc3311");
    const auto bar = each.most.ratio;
    if (bar != 0) drawing.line({x(bar), y}, {x(bar), y + line}, "#222", true);
    drawing.text({std::max(to, x(std::max(bar, 1.0))) + 6, y + 15},
                 fmt::format("{:.2f}x, {:.4g} ns", each.ratio(), each.ours_ns.median), 11);
    y += line;
  }
  drawing.line({x(1), top}, {x(1), bottom}, "#222");
  drawing.text({x(1), bottom + 16}, "1x", 11, ::support::anchor::middle);
  return drawing.file();
}

}  // namespace kvfolio::bench
