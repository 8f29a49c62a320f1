// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace replay {

/// A way to replay the block ids of a trace with counts that are exact, so that two programs must
/// agree to the last hit: no clock, no tokens, whole and partial blocks alike.
enum class semantics : std::uint8_t {
  plain,  ///< every block by itself, as an object cache has it
  a_l,    ///< requests take no time; leaves first, deepest block accessed first
  a_u,    ///< requests take no time; any block may leave, deepest accessed first
  a_n,    ///< requests take no time; any block may leave, shallowest accessed first
  b_l,    ///< requests pin their blocks for the time of their service; leaves first
};

/// The name that a user writes: `plain`, `A-L`, `A-U`, `A-N` or `B-L`.
[[nodiscard]] std::string_view to_string(semantics mode) noexcept;

/// Undoes `to_string`. \throws std::invalid_argument if there is no such mode, naming all there are
[[nodiscard]] semantics parse_semantics(std::string_view name);

/// A request as these semantics see it.
struct block_request {
  std::uint64_t timestamp_ms = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::span<const std::uint64_t> hash_ids;  ///< of its prompt's blocks, from the root down
};

/// What came of a replay.
struct semantics_counts {
  std::uint64_t requests = 0;
  std::uint64_t block_refs = 0;    ///< blocks of all requests
  std::uint64_t hit_blocks = 0;    ///< of `plain`, every hit; else those that lead a prompt
  std::uint64_t input_tokens = 0;  ///< in prompts
  std::uint64_t hit_tokens = 0;    ///< in blocks that hit; not counted in `plain`
  std::optional<std::uint64_t> evictions = 0;         ///< blocks that left, where it is told
  std::optional<std::uint64_t> bypassed_inserts = 0;  ///< blocks that came while none could leave

  friend bool operator==(const semantics_counts&, const semantics_counts&) = default;
};

/// The names of the policies that `run_semantics` knows, in the order of a report: all that a cache
/// may have, and `belady` and `opt_bypass`, which know the future.
[[nodiscard]] std::span<const std::string_view> semantics_policies() noexcept;

/// Replays `trace` through a pool of `capacity` blocks of `block_tokens` tokens. With a
/// `hint_seed`, each request hints whether its session goes on, and is right 70 times of 100;
/// published counts are without hints, and so is `plain`.
///
/// \throws std::invalid_argument if `policy` is not one of `semantics_policies()` nor an adaptor's
///         name, a colon, and one that a cache may have, if `capacity` is
///         nothing or more than 2^29, if the trace has no hash ids, if, except in `plain`, an id
///         has two parents or occurs twice in a request, or if `policy` is `opt_bypass` and
///         requests take time, or are not there
[[nodiscard]] semantics_counts run_semantics(std::span<const block_request> trace, semantics mode,
                                             std::string_view policy, std::size_t capacity,
                                             std::uint64_t block_tokens = 512,
                                             std::optional<std::uint64_t> hint_seed = {});

}  // namespace replay
