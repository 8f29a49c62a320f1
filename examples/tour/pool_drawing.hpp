// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <support/svg.hpp>
#include <tour/stage.hpp>

namespace tour {

namespace detail {

// Each name gets the next colour when it first owns a page.
class palette {
 public:
  [[nodiscard]] std::string_view operator()(const std::string& name) {
    const auto place = std::find(names_.begin(), names_.end(), name);
    const auto index = static_cast<std::size_t>(place - names_.begin());
    if (place == names_.end()) names_.push_back(name);
    return colours[index % colours.size()];
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  static constexpr std::array<std::string_view, 6> colours{"#1f6fb4", "#e0872b", "#2b8a3e",
                                                           "#8a3ea8", "#b5342c", "#4a4a4a"};
  std::vector<std::string> names_;
};

}  // namespace detail

/// Draws the pool over time as an SVG file: a row for each snapshot, a cell for each page, striped
/// in the colours of all who own it.
[[nodiscard]] inline std::string draw(const std::vector<snapshot>& snapshots) {
  constexpr double left = 330;
  constexpr double top = 84;
  constexpr double cell = 34;
  constexpr double gap = 4;
  const auto pages = snapshots.empty() ? 0 : snapshots.front().owners.size();
  const auto width = left + static_cast<double>(pages) * (cell + gap) + 20;
  const auto height = top + static_cast<double>(snapshots.size()) * (cell + gap) + 16;
  support::svg drawing{width, height, "The pool, scene by scene"};
  drawing.text({20, 28}, "The pool, scene by scene", 16, support::anchor::start, true);
  drawing.text({20, 46}, "A cell is a page; a page with several colours is shared.", 11);

  for (std::size_t page = 0; page < pages; ++page) {
    const auto x = left + static_cast<double>(page) * (cell + gap) + cell / 2;
    drawing.text({x, top - 8}, fmt::format("{}", page), 11, support::anchor::middle);
  }
  detail::palette colour;
  auto y = top;
  for (const auto& [title, owners] : snapshots) {
    drawing.text({left - 12, y + cell / 2 + 4}, title, 12, support::anchor::end);
    for (std::size_t page = 0; page < owners.size(); ++page) {
      const auto x = left + static_cast<double>(page) * (cell + gap);
      const auto stripe = cell / static_cast<double>(std::max<std::size_t>(1, owners[page].size()));
      for (std::size_t i = 0; i < owners[page].size(); ++i) {
        drawing.rect({x + static_cast<double>(i) * stripe, y}, stripe, cell,
                     colour(owners[page][i]));
      }
      drawing.rect({x, y}, cell, cell, "none", owners[page].empty() ? "#bbb" : "#222");
    }
    y += cell + gap;
  }
  auto x = left;
  for (const auto& name : colour.names()) {
    drawing.rect({x, 36}, 12, 12, colour(name));
    drawing.text({x + 17, 46}, name, 12);
    x += 17 + 8 * static_cast<double>(name.size()) + 16;
  }
  return drawing.file();
}

}  // namespace tour
