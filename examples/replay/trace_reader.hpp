// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <replay/azure_csv.hpp>
#include <replay/hash_jsonl.hpp>
#include <replay/tokens_per_hash.hpp>
#include <replay/trace.hpp>

namespace replay {

namespace detail {

// Calls `parse(line, number)` for each line that is not blank, without its line end.
template <class Parse>
void for_each_line(std::string_view text, Parse parse) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty()) parse(line, number);
  }
}

// Reads lines of a format that the first one tells.
class line_parser {
 public:
  explicit line_parser(std::uint32_t tokens_per_hash) : width_{tokens_per_hash} {}

  void operator()(std::string_view line, trace& into) {
    if (into.format.empty() && begin(line, into.format)) return;
    into.requests.push_back(dialect_ != nullptr ? parse_jsonl(line, *dialect_, width_)
                                                : parse_azure(line));
  }

  [[nodiscard]] std::uint32_t tokens_per_hash() const {
    return dialect_ != nullptr ? width_.result(dialect_->usual_tokens) : 0;
  }

 private:
  // Is it a header, without a request?
  bool begin(std::string_view line, std::string& format) {
    if (line == azure_header) {
      format = "Azure CSV";
      return true;
    }
    if (line.front() != '{') {
      throw bad_line(fmt::format(
          "'{}' begins no known trace; right is the header {}, or a JSON object with timestamp, "
          "input_length and output_length",
          line.substr(0, 80), azure_header));
    }
    dialect_ = &dialect_of(line);
    format = dialect_->name;
    return false;
  }

  replay::tokens_per_hash width_;
  const jsonl_dialect* dialect_ = nullptr;
};

}  // namespace detail

/// Returns the trace that `text` is, which comes from the file `name`. A hash id stands for
/// `tokens_per_hash` tokens; if that is 0, it is inferred. \throws bad_trace
[[nodiscard]] inline trace parse_trace(std::string_view text, std::string name,
                                       std::uint32_t tokens_per_hash = 0) {
  trace read{.name = std::move(name), .format = {}, .requests = {}};
  detail::line_parser parser{tokens_per_hash};
  detail::for_each_line(text, [&](std::string_view line, std::size_t number) {
    try {
      parser(line, read);
    } catch (const bad_line& problem) {
      throw bad_trace{read.name, number, problem.what()};
    }
  });
  auto& requests = read.requests;
  if (requests.empty()) throw bad_trace{read.name, 0, "there are no requests; one is needed"};
  read.tokens_per_hash = parser.tokens_per_hash();
  if (tokens_per_hash != 0 && read.tokens_per_hash == 0) {
    throw bad_trace{read.name, 0, "there are no hash ids; --tokens-per-hash must not be given"};
  }
  std::stable_sort(requests.begin(), requests.end(), [](const request& one, const request& other) {
    return one.arrival < other.arrival;
  });
  const auto start = requests.front().arrival;
  for (auto& each : requests) each.arrival -= start;
  return read;
}

/// Returns the trace in the file at `path`. \throws bad_trace
[[nodiscard]] inline trace load_trace(const std::string& path, std::uint32_t tokens_per_hash = 0) {
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.is_open() || text.bad()) {
    throw bad_trace{path, 0, "cannot be read: " + std::generic_category().message(errno)};
  }
  return parse_trace(text.str(), path, tokens_per_hash);
}

}  // namespace replay
