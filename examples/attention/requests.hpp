// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <replay/trace.hpp>

namespace attention {

/// One sequence of a batch, and what it has in common with an earlier one.
struct request {
  std::size_t tokens = 0;  ///< at least 1
  std::size_t parent = 0;  ///< number of an earlier sequence
  std::size_t shared = 0;  ///< of its first tokens that both have, fewer than `tokens`
};

/// Sequences of growing length, up to `tokens`, every second of which is a fork of the one before.
[[nodiscard]] inline std::vector<request> growing_requests(std::size_t sequences,
                                                           std::size_t tokens) {
  std::vector<request> made;
  for (std::size_t i = 0; i < sequences; ++i) {
    request next{.tokens = tokens * (i + 1) / sequences};
    if (i % 2 != 0) {
      next.parent = i - 1;
      next.shared = std::min(made.back().tokens, next.tokens - 1);
    }
    made.push_back(next);
  }
  return made;
}

/// The first `sequences` requests of `trace`, each cut after `tokens` tokens. A request shares the
/// blocks with which it begins like an earlier one, by their hash ids, with the one that has most
/// of them.
[[nodiscard]] inline std::vector<request> requests_of(const replay::trace& trace,
                                                      std::size_t sequences, std::size_t tokens) {
  std::vector<request> made;
  for (std::size_t i = 0; i < std::min(sequences, trace.requests.size()); ++i) {
    const auto& ids = trace.requests[i].hash_ids;
    request next{.tokens = std::min<std::size_t>(tokens, trace.requests[i].prompt_tokens)};
    for (std::size_t j = 0; j < i; ++j) {
      const auto& others = trace.requests[j].hash_ids;
      const auto [end, ignored] =
          std::mismatch(ids.begin(), ids.end(), others.begin(), others.end());
      const auto blocks = static_cast<std::size_t>(end - ids.begin());
      const auto shared =
          std::min({blocks * trace.tokens_per_hash, made[j].tokens, next.tokens - 1});
      if (shared > next.shared) {
        next.parent = j;
        next.shared = shared;
      }
    }
    made.push_back(next);
  }
  return made;
}

}  // namespace attention
