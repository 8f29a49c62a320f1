// SPDX-License-Identifier: Apache-2.0
#include "semantics.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "policy_names.hpp"
#include "semantics_future.hpp"
#include "semantics_paths.hpp"
#include "semantics_plain.hpp"
#include "semantics_prefix.hpp"

namespace replay {
namespace {

using trace_view = std::span<const block_request>;

constexpr std::array<std::string_view, 5> mode_names{"plain", "A-L", "A-U", "A-N", "B-L"};

// Of policies that know the future, beside those in policy_names().
constexpr std::string_view belady_name = "belady";
constexpr std::string_view optimum_name = "opt_bypass";

// No fewer than there are distinct keys: what a policy needs that is to forget nothing.
std::size_t references(trace_view trace) {
  std::size_t all = 0;
  for (const auto& request : trace) all += request.hash_ids.size();
  return all;
}

semantics_counts replay_by(trace_view trace, semantics mode, std::size_t capacity,
                           std::uint64_t block_tokens, std::optional<std::uint64_t> hint_seed,
                           any_policy policy) {
  if (mode == semantics::plain) return replay_plain(trace, capacity, std::move(policy));
  const block_paths paths{trace};
  prefix_replay<any_policy> replay{paths, mode, capacity, block_tokens, std::move(policy)};
  if (hint_seed) replay.hint(guess_continuations(trace, block_tokens, *hint_seed));
  return replay.run(trace);
}

semantics_counts replay_optimum(trace_view trace, semantics mode, std::size_t capacity,
                                std::uint64_t block_tokens) {
  if (mode == semantics::plain || mode == semantics::b_l) {
    throw std::invalid_argument{
        "opt_bypass is the optimum of requests that take no time; A-L, A-U and A-N are right"};
  }
  return replay_optimum(trace, block_paths{trace}, next_uses{trace, mode}, capacity, block_tokens);
}

}  // namespace

std::string_view to_string(semantics mode) noexcept {
  return mode_names[static_cast<std::size_t>(mode)];
}

semantics parse_semantics(std::string_view name) {
  return static_cast<semantics>(position_of(name, mode_names, "semantics"));
}

std::span<const std::string_view> semantics_policies() noexcept {
  static const auto all = [] {
    std::vector<std::string_view> names{policy_names().begin(), policy_names().end()};
    names.insert(names.end(), {belady_name, optimum_name});
    return names;
  }();
  return all;
}

semantics_counts run_semantics(trace_view trace, semantics mode, std::string_view policy,
                               std::size_t capacity, std::uint64_t block_tokens,
                               std::optional<std::uint64_t> hint_seed) {
  if (policy.find(':') == std::string_view::npos) {
    static_cast<void>(position_of(policy, semantics_policies(), "eviction policy"));
  } else {
    check_policy(policy);
  }
  constexpr std::size_t most = std::size_t{1} << 29U;
  if (capacity == 0 || capacity > most) {
    throw std::invalid_argument{"a capacity of " + std::to_string(capacity) +
                                " blocks; from 1 to " + std::to_string(most) + " is right"};
  }
  if (references(trace) == 0) {
    throw std::invalid_argument{
        "the trace has no hash ids, and the exact semantics replay nothing"
        " else; a trace of lengths alone has none"};
  }
  if (policy == optimum_name) return replay_optimum(trace, mode, capacity, block_tokens);
  if (policy == belady_name) {
    const next_uses uses{trace, mode};
    return replay_by(trace, mode, capacity, block_tokens, hint_seed,
                     any_policy{belady{capacity, uses}});
  }
  const pool_facts facts{capacity, references(trace), static_cast<std::uint32_t>(block_tokens)};
  return replay_by(trace, mode, capacity, block_tokens, hint_seed, make_policy(policy, facts));
}

}  // namespace replay
