// SPDX-License-Identifier: Apache-2.0
#include "semantics.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <stdexcept>
#include <string>

#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/clock.hpp>
#include <kvfolio/eviction/fifo.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/sieve.hpp>
#include <kvfolio/eviction/w_tinylfu_exact.hpp>

#include "semantics_paths.hpp"
#include "semantics_plain.hpp"
#include "semantics_prefix.hpp"

namespace replay {
namespace {

namespace eviction = kvfolio::eviction;
using trace_view = std::span<const block_request>;

constexpr std::array<std::string_view, 5> mode_names{"plain", "A-L", "A-U", "A-N", "B-L"};

// A policy that forgets nothing which it could make use of.
template <class Policy>
Policy make_policy(std::size_t capacity, std::size_t distinct_keys) {
  if constexpr (std::constructible_from<Policy, std::size_t, std::size_t>) {
    return Policy(capacity, distinct_keys);
  } else {
    return Policy(capacity);
  }
}

template <class Policy>
semantics_counts replay_with(trace_view trace, semantics mode, std::size_t capacity,
                             std::uint64_t block_tokens) {
  if (mode == semantics::plain) {
    std::size_t references = 0;  // no fewer than distinct keys
    for (const auto& request : trace) references += request.hash_ids.size();
    return replay_plain(trace, capacity, make_policy<Policy>(capacity, references));
  }
  const block_paths paths{trace};
  prefix_replay<Policy> replay{paths, mode, capacity, block_tokens,
                               make_policy<Policy>(capacity, paths.size())};
  return replay.run(trace);
}

using replay_function = semantics_counts (*)(trace_view, semantics, std::size_t, std::uint64_t);

// Names and what they name, in the same order.
constexpr std::array<std::string_view, 6> policy_names{"fifo",  "lru", "clock",
                                                       "sieve", "arc", "wtinylfu_exact"};
constexpr std::array<replay_function, policy_names.size()> policies{
    replay_with<eviction::fifo>,  replay_with<eviction::lru>,
    replay_with<eviction::clock>, replay_with<eviction::sieve>,
    replay_with<eviction::arc>,   replay_with<eviction::w_tinylfu_exact>};

// The position of `name` among `names`, which are those of a `kind`.
std::size_t find(std::span<const std::string_view> names, std::string_view name,
                 std::string_view kind) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string message{"there is no "};
  message.append(kind).append(" '").append(name).append("'; there are");
  for (const auto known : names) message.append(known == names.front() ? " " : ", ").append(known);
  throw std::invalid_argument{message};
}

}  // namespace

std::string_view to_string(semantics mode) noexcept {
  return mode_names[static_cast<std::size_t>(mode)];
}

semantics parse_semantics(std::string_view name) {
  return static_cast<semantics>(find(mode_names, name, "semantics"));
}

std::span<const std::string_view> semantics_policies() noexcept {
  return policy_names;
}

semantics_counts run_semantics(trace_view trace, semantics mode, std::string_view policy,
                               std::size_t capacity, std::uint64_t block_tokens) {
  const auto replay = policies[find(policy_names, policy, "policy")];
  constexpr std::size_t most = std::size_t{1} << 29U;
  if (capacity == 0 || capacity > most) {
    throw std::invalid_argument{"a capacity of " + std::to_string(capacity) +
                                " blocks; from 1 to " + std::to_string(most) + " is right"};
  }
  if (std::all_of(trace.begin(), trace.end(),
                  [](const block_request& request) { return request.hash_ids.empty(); })) {
    throw std::invalid_argument{
        "the trace has no hash ids, and the exact semantics replay nothing"
        " else; a trace of lengths alone has none"};
  }
  return replay(trace, mode, capacity, block_tokens);
}

}  // namespace replay
