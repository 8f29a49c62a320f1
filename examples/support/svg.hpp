// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace support {

/// A place on a drawing, in pixels from its upper left corner.
struct point {
  double x;  ///< to the right
  double y;  ///< downwards
};

/// Where a text ends up relative to its place.
enum class anchor { start, middle, end };

/// A drawing in SVG, dark on white, made one shape after the other.
class svg {
 public:
  /// An empty drawing. `title` is what screen readers and tooltips call it.
  svg(double width, double height, std::string_view title) {
    fmt::format_to(std::back_inserter(body_),
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" height=\"{1:g}\" "
                   "viewBox=\"0 0 {0:g} {1:g}\" font-family=\"sans-serif\" fill=\"#222\">\n"
                   "<title>{2}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
                   width, height, escaped(title));
  }

  /// A filled rectangle, with a thin border unless `border` is "none".
  void rect(point corner, double width, double height, std::string_view fill,
            std::string_view border = "none") {
    fmt::format_to(std::back_inserter(body_),
                   "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
                   "fill=\"{}\" stroke=\"{}\" stroke-width=\"0.7\"/>\n",
                   corner.x, corner.y, width, height, fill, border);
  }

  /// A straight line, dashed if so wished.
  void line(point from, point to, std::string_view colour, bool dashed = false) {
    fmt::format_to(std::back_inserter(body_),
                   "<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" "
                   "stroke=\"{}\"{}/>\n",
                   from.x, from.y, to.x, to.y, colour, dashed ? " stroke-dasharray=\"5 4\"" : "");
  }

  /// A line through `points`; with `base`, the area between it and the height `base` is filled.
  void curve(const std::vector<point>& points, std::string_view colour,
             const double* base = nullptr) {
    if (points.empty()) return;
    std::string path;
    for (const auto& each : points) {
      fmt::format_to(std::back_inserter(path), "{:.2f},{:.2f} ", each.x, each.y);
    }
    if (base != nullptr) {
      fmt::format_to(std::back_inserter(body_),
                     "<polygon points=\"{:.2f},{:.2f} {}{:.2f},{:.2f}\" fill=\"{}\" "
                     "fill-opacity=\"0.25\"/>\n",
                     points.front().x, *base, path, points.back().x, *base, colour);
    }
    fmt::format_to(std::back_inserter(body_),
                   "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.2\"/>\n",
                   path, colour);
  }

  /// A line of text whose baseline is at `place`.
  void text(point place, std::string_view words, double size = 12, anchor side = anchor::start,
            bool bold = false) {
    static constexpr std::array<const char*, 3> sides{"start", "middle", "end"};
    fmt::format_to(std::back_inserter(body_),
                   "<text x=\"{:.2f}\" y=\"{:.2f}\" font-size=\"{:g}\" text-anchor=\"{}\"{}>{}"
                   "</text>\n",
                   place.x, place.y, size, sides[static_cast<std::size_t>(side)],
                   bold ? " font-weight=\"bold\"" : "", escaped(words));
  }

  /// The drawing as a file.
  [[nodiscard]] std::string file() const { return body_ + "</svg>\n"; }

 private:
  [[nodiscard]] static std::string escaped(std::string_view words) {
    std::string safe;
    for (const char each : words) {
      switch (each) {
        case '&': safe += "&amp;"; break;
        case '<': safe += "&lt;"; break;
        case '>': safe += "&gt;"; break;
        case '"': safe += "&quot;"; break;
        default: safe += each;
      }
    }
    return safe;
  }

  std::string body_;
};

}  // namespace support
