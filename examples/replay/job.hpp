// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/identity.hpp>

#include <replay/fingerprint.hpp>
#include <replay/trace.hpp>

namespace replay {

/// One answer to a request: its KV while it runs, and its tokens, which outlive a preemption.
///
/// Positions below `kv.committed()` are computed, those up to `length` have pages and will be; a
/// branch of which that is longer than `tokens` by one is about to generate the next. `kv.length()`
/// is more if the system reserves storage before it is needed.
template <class Sequence>
struct branch {
  Sequence kv;                            ///< empty unless it runs
  std::vector<kvfolio::token_id> tokens;  ///< the prompt, and what was generated so far
  fingerprint prefix{};                   ///< of the tokens that `kv` has computed
  std::size_t length = 0;                 ///< tokens that are computed, or will be next

  /// Tokens that will be computed next.
  [[nodiscard]] std::size_t to_compute() const { return length - kv.committed(); }
};

/// A request on its way through the server.
template <class Sequence>
struct job {
  std::size_t number;                           ///< of the request in its trace
  std::vector<branch<Sequence>> branches{};     ///< one for each sample, once it was admitted
  std::optional<nanoseconds> first_token_at{};  ///< when its first token was there
  std::optional<std::size_t> lost{};            ///< tokens it had computed when it was preempted
  std::vector<kvfolio::prefix::verified::key_type> keys{};  ///< of its prompt, if order needs them
  std::uint32_t passed_over = 0;                            ///< requests that came later

  /// Has every branch a sequence of its own? Until then the first one computes the prompt for all.
  [[nodiscard]] bool forked() const { return static_cast<bool>(branches.back().kv); }
};

}  // namespace replay
