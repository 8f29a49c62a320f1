// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>
#include <replay/tokens_per_hash.hpp>
#include <replay/trace.hpp>

namespace replay {

/// What the traces of JSON lines with hash ids differ in.
struct jsonl_dialect {
  const char* name;            ///< of the format
  nanoseconds ns_per_unit;     ///< of `timestamp`
  std::uint32_t usual_tokens;  ///< that a hash id stands for
};

inline constexpr jsonl_dialect mooncake{"Mooncake JSONL", 1'000'000,
                                        512};  ///< Qin et al., FAST 2025
inline constexpr jsonl_dialect bailian{"Bailian JSONL", 1'000'000'000,
                                       16};  ///< Wang et al., ATC 2025

/// Which dialect is it, by its first line?
[[nodiscard]] inline const jsonl_dialect& dialect_of(std::string_view line) {
  return line.find("\"chat_id\"") == std::string_view::npos ? mooncake : bailian;
}

namespace detail {

inline const nlohmann::json& field(const nlohmann::json& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end()) {
    throw bad_line(
        fmt::format("there is no {}; right is a line like {{\"timestamp\": 0, "
                    "\"input_length\": 1, \"output_length\": 1, \"hash_ids\": [0]}}",
                    name));
  }
  return *found;
}

inline nanoseconds parse_time(const nlohmann::json& timestamp, nanoseconds unit) {
  constexpr nanoseconds latest = 9'000'000'000'000'000'000;
  if (timestamp.is_number_unsigned() && timestamp.get<nanoseconds>() <= latest / unit) {
    return timestamp.get<nanoseconds>() * unit;
  }
  if (timestamp.is_number_float()) {
    const auto time = timestamp.get<double>() * static_cast<double>(unit);
    if (time >= 0 && time <= static_cast<double>(latest)) {
      return static_cast<nanoseconds>(std::llround(time));
    }
  }
  throw bad_line(fmt::format("timestamp is {}; a number from 0 to {} is right", timestamp.dump(),
                             latest / unit));
}

inline std::vector<std::uint64_t> parse_ids(const nlohmann::json& ids) {
  std::vector<std::uint64_t> read;
  if (!ids.is_array() || ids.empty()) {
    throw bad_line("hash_ids is not an array with at least one id, which would be right");
  }
  for (const auto& id : ids) {
    if (!id.is_number_unsigned()) {
      throw bad_line(fmt::format("{} in hash_ids is no id; whole numbers from 0 are", id.dump()));
    }
    read.push_back(id.get<std::uint64_t>());
  }
  return read;
}

}  // namespace detail

/// Returns the request of one line, and lets `width` learn from its ids; they may be missing. Other
/// fields are passed over. \throws bad_line
[[nodiscard]] inline request parse_jsonl(std::string_view line, const jsonl_dialect& dialect,
                                         tokens_per_hash& width) {
  const auto row = nlohmann::json::parse(line, nullptr, false);
  if (!row.is_object()) {
    throw bad_line(fmt::format("'{}' is no JSON object", line.substr(0, 80)));
  }
  request read;
  read.arrival = detail::parse_time(detail::field(row, "timestamp"), dialect.ns_per_unit);
  read.prompt_tokens = parse_tokens(detail::field(row, "input_length").dump(), "input_length", 1);
  read.output_tokens = parse_tokens(detail::field(row, "output_length").dump(), "output_length", 0);
  if (row.contains("hash_ids")) {
    read.hash_ids = detail::parse_ids(row["hash_ids"]);
    width.learn(read.prompt_tokens, read.hash_ids.size());
  }
  return read;
}

}  // namespace replay
