// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace replay {

using nanoseconds = std::uint64_t;  ///< of the clock, since the first arrival

/// What somebody asked of the server, and how much it answered.
struct request {
  nanoseconds arrival = 0;              ///< when it came
  std::uint32_t prompt_tokens = 0;      ///< at least 1
  std::uint32_t output_tokens = 0;      ///< that it generated
  std::vector<std::uint64_t> hash_ids;  ///< of its prompt's blocks; none in some traces
};

/// Requests in the order of their arrival; where they are equal, of the file.
struct trace {
  std::string name;                   ///< of the file
  std::string format;                 ///< which of the known ones
  std::vector<request> requests;      ///< at least one
  std::uint32_t tokens_per_hash = 0;  ///< tokens that one hash id stands for; 0 without ids
};

/// A line that cannot be read, as a parser finds it: what is wrong, and what would be right.
struct bad_line : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A trace that cannot be read, as its reader reports it: where, and the above.
struct bad_trace : std::runtime_error {
  /// Puts file and line in front of `what`; a `line` of 0 is the file as a whole.
  bad_trace(std::string_view file, std::size_t line, std::string_view what)
      : std::runtime_error{line == 0 ? fmt::format("{}: {}", file, what)
                                     : fmt::format("{}:{}: {}", file, line, what)} {}
};

inline constexpr std::uint32_t most_tokens = 1U << 30U;  ///< that a prompt or an output may have

/// Returns the number of tokens that `text` says, which is called `field`.
/// \throws bad_line unless it is a whole number from `least` to `most_tokens`
[[nodiscard]] inline std::uint32_t parse_tokens(std::string_view text, std::string_view field,
                                                std::uint32_t least) {
  std::uint32_t tokens = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, tokens);
  if (error != std::errc{} || rest != end || tokens < least || tokens > most_tokens) {
    throw bad_line(fmt::format("{} is '{}'; a whole number from {} to {} is right", field, text,
                               least, most_tokens));
  }
  return tokens;
}

}  // namespace replay
