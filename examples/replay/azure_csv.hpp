// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <replay/trace.hpp>

namespace replay {

/// First line of the Azure LLM inference traces (Patel et al., "Splitwise", ISCA 2024).
inline constexpr std::string_view azure_header = "TIMESTAMP,ContextTokens,GeneratedTokens";

namespace detail {

// Reads "2023-11-16 18:17:03.9799600", with up to nine digits after the point and perhaps a
// "+00:00" at the end, as nanoseconds since 1970.
class timestamp_parser {
 public:
  explicit timestamp_parser(std::string_view text) : text_{text}, rest_{text} {}

  [[nodiscard]] nanoseconds parse() {
    using namespace std::chrono;
    const year years{static_cast<int>(number(4))};
    const month months{digits('-')};
    const day days{digits('-')};
    const auto date = years / months / days;
    const auto hour = digits(' ');
    const auto minute = digits(':');
    const auto second = digits(':');
    const auto part = fraction();
    if (rest_ == "+00:00") rest_ = {};
    if (!rest_.empty() || !date.ok() || date.year() < year{1970} || date.year() > year{2500} ||
        hour > 23 || minute > 59 || second > 59) {
      refuse();
    }
    const auto whole_days = static_cast<nanoseconds>(sys_days{date}.time_since_epoch().count());
    return (((whole_days * 24 + hour) * 60 + minute) * 60 + second) * 1'000'000'000 + part;
  }

 private:
  [[noreturn]] void refuse() const {
    throw bad_line(
        fmt::format("TIMESTAMP is '{}'; a time like 2023-11-16 18:17:03.9799600 is right", text_));
  }
  [[nodiscard]] bool next_is_digit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  unsigned number(int count) {
    unsigned value = 0;
    for (; count > 0; --count) {
      if (!next_is_digit()) refuse();
      value = value * 10 + static_cast<unsigned>(rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  unsigned digits(char before) {
    if (rest_.empty() || rest_.front() != before) refuse();
    rest_.remove_prefix(1);
    return number(2);
  }
  nanoseconds fraction() {
    if (rest_.empty() || rest_.front() != '.') return 0;
    rest_.remove_prefix(1);
    if (!next_is_digit()) refuse();
    nanoseconds value = 0;
    nanoseconds unit = 1'000'000'000;
    for (; next_is_digit() && unit > 1; unit /= 10) value = value * 10 + number(1);
    return value * unit;
  }

  std::string_view text_;
  std::string_view rest_;
};

}  // namespace detail

/// Returns the request of one line; its arrival is the time since 1970. \throws bad_line
[[nodiscard]] inline request parse_azure(std::string_view line) {
  const auto first = line.find(',');
  const auto second =
      first == std::string_view::npos ? std::string_view::npos : line.find(',', first + 1);
  if (second == std::string_view::npos || line.find(',', second + 1) != std::string_view::npos) {
    throw bad_line(
        fmt::format("'{}' has not the three fields of {}", line.substr(0, 80), azure_header));
  }
  request read;
  read.arrival = detail::timestamp_parser{line.substr(0, first)}.parse();
  read.prompt_tokens = parse_tokens(line.substr(first + 1, second - first - 1), "ContextTokens", 1);
  read.output_tokens = parse_tokens(line.substr(second + 1), "GeneratedTokens", 0);
  return read;
}

}  // namespace replay
