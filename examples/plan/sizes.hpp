// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <kvfolio/model/capacity.hpp>

namespace plan {

/// Returns the bytes that `text` names: "40GB" is 40 * 10^9, "24GiB" is 24 * 2^30. A number needs
/// its unit. \throws std::invalid_argument saying so
[[nodiscard]] inline std::uint64_t parse_bytes(const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, double>, 9> units{
      {{"B", 1},
       {"KB", 1e3},
       {"kB", 1e3},
       {"MB", 1e6},
       {"GB", 1e9},
       {"TB", 1e12},
       {"KiB", 1024},
       {"MiB", 1024.0 * 1024},
       {"GiB", 1024.0 * 1024 * 1024}}};
  std::size_t used = 0;
  double number = -1;
  try {
    number = std::stod(text, &used);
  } catch (const std::exception&) {
    number = -1;
  }
  for (const auto& [unit, factor] : units) {
    if (number < 0 || std::string_view{text}.substr(used) != unit) continue;
    if (number * factor < 9e18) return static_cast<std::uint64_t>(std::llround(number * factor));
  }
  throw std::invalid_argument("\"" + text + "\" is no size; write 40GB, or 24GiB, with the unit");
}

/// Returns `bytes` for people, in both units, so that none is mistaken: "26.03 GB (24.24 GiB)".
[[nodiscard]] inline std::string in_both_units(std::uint64_t bytes) {
  return fmt::format("{:.2f} GB ({:.2f} GiB)",
                     static_cast<double>(bytes) / static_cast<double>(kvfolio::model::gigabyte),
                     static_cast<double>(bytes) / static_cast<double>(kvfolio::model::gibibyte));
}

}  // namespace plan
