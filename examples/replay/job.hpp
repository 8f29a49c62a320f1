// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <kvfolio/core/types.hpp>

#include <replay/fingerprint.hpp>
#include <replay/trace.hpp>

namespace replay {

/// One answer to a request: its KV while it runs, and its tokens, which outlive a preemption.
///
/// The KV runs after the tokens. Positions below `kv.committed()` are computed, those up to
/// `kv.length()` have pages, and a branch whose `kv` is longer than `tokens` by one is about to
/// generate the next.
template <class Sequence>
struct branch {
  Sequence kv;                            ///< empty unless it runs
  std::vector<kvfolio::token_id> tokens;  ///< the prompt, and what was generated so far
  fingerprint prefix{};                   ///< of the tokens that `kv` has computed

  /// Tokens that have pages and are not computed.
  [[nodiscard]] std::size_t to_compute() const { return kv.length() - kv.committed(); }
};

/// A request on its way through the server.
template <class Sequence>
struct job {
  std::size_t number;                           ///< of the request in its trace
  std::vector<branch<Sequence>> branches{};     ///< one for each sample, once it was admitted
  std::optional<nanoseconds> first_token_at{};  ///< when its first token was there
  std::optional<std::size_t> lost{};            ///< tokens it had computed when it was preempted

  /// Has every branch a sequence of its own? Until then the first one computes the prompt for all.
  [[nodiscard]] bool forked() const { return static_cast<bool>(branches.back().kv); }
};

}  // namespace replay
