// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>

#include <replay/trace.hpp>

namespace replay {

/// Returns token `index` of the text that `source` names: the same ones, the same token.
[[nodiscard]] constexpr kvfolio::token_id token_of(std::uint64_t source, std::uint64_t index) {
  return static_cast<kvfolio::token_id>(kvfolio::mix_bits(source + index) & 0x7fffffffU);
}

/// Names the text of a hash block, which all requests with the same id share.
[[nodiscard]] constexpr std::uint64_t hashed_text(std::uint64_t hash_id) {
  return kvfolio::mix_bits(kvfolio::mix_bits(hash_id + 1));
}

/// Names a text of one request alone: its prompt, if it has no hash ids, with `branch` 0; what its
/// branch `branch - 1` generates otherwise.
[[nodiscard]] constexpr std::uint64_t own_text(std::uint64_t request, std::uint64_t branch) {
  return kvfolio::mix_bits(kvfolio::mix_bits(request + 1) + branch + 1);
}

/// Returns the prompt of `asked`, which is number `number` of `all`.
[[nodiscard]] inline std::vector<kvfolio::token_id> prompt_of(const trace& all,
                                                              std::size_t number) {
  const auto& asked = all.requests[number];
  std::vector<kvfolio::token_id> prompt;
  prompt.reserve(asked.prompt_tokens);
  for (const auto id : asked.hash_ids) {
    const auto left = asked.prompt_tokens - prompt.size();
    const auto tokens = std::min<std::size_t>(all.tokens_per_hash, left);
    for (std::size_t i = 0; i < tokens; ++i) prompt.push_back(token_of(hashed_text(id), i));
  }
  const auto own = own_text(number, 0);
  while (prompt.size() < asked.prompt_tokens) prompt.push_back(token_of(own, prompt.size()));
  return prompt;
}

}  // namespace replay
