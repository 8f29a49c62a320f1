// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <replay/outcome.hpp>

namespace CLI {
class App;
}

namespace replay {

/// What a user asks the program for.
struct arguments {
  std::string trace;                      ///< its path; nothing: the built-in sample
  std::uint32_t tokens_per_hash = 0;      ///< 0: inferred
  serving_options serving;                ///< how it is served
  std::string system = "paged";           ///< names of systems
  std::string eviction = "lru";           ///< names of policies
  std::string tier = "none";              ///< names of tiers
  bool no_reuse = false;                  ///< nothing is found again
  double invalidate_every = 0;            ///< seconds
  std::string json;                       ///< path of a report
  std::string svg;                        ///< path of a drawing
  std::string plan;                       ///< path of a plan, whose rank serves
  std::size_t rank = 0;                   ///< which
  bool pages_given = false;               ///< by the user, and not by the plan
  std::string semantics;                  ///< exact semantics instead of serving, if any
  std::optional<std::uint32_t> capacity;  ///< blocks, for those
  std::optional<std::uint64_t> hints;     ///< seed of hints for those, if any are given
  std::optional<std::uint64_t> generate;  ///< requests to make up instead of serving
  std::string output;                     ///< path of those
  std::uint64_t seed = 1;                 ///< of those
};

/// Tells `app` what there is, and to fill `given` when it parses.
void declare(CLI::App& app, arguments& given);

/// \throws CLI::ValidationError if parts of `given` do not go together
/// \throws std::invalid_argument if there is no such model
void check(const arguments& given);

}  // namespace replay
