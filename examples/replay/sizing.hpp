// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

#include <kvfolio/cache_config.hpp>
#include <kvfolio/core/math.hpp>

#include <replay/fingerprint.hpp>
#include <replay/outcome.hpp>
#include <replay/trace.hpp>

namespace replay {

/// Returns the pages that `asked` has just before it ends, when it has the most: its samples share
/// the full pages of the prompt.
[[nodiscard]] constexpr std::size_t pages_at_end(const request& asked,
                                                 const serving_options& options) {
  const std::size_t size = options.tokens_per_page;
  const auto all = kvfolio::ceil_div(std::size_t{asked.prompt_tokens} + asked.output_tokens, size);
  const auto shared = asked.prompt_tokens / size;
  const std::size_t samples = asked.output_tokens == 0 ? 1 : options.samples;
  return shared + samples * (all - shared);
}

/// Returns what a cache must be made for, so that `all` can be served as `options` say: a request
/// is tried for pages before it runs, so there is one more than run.
[[nodiscard]] inline kvfolio::cache_config cache_for(const trace& all,
                                                     const serving_options& options) {
  std::size_t longest = 1;
  for (const auto& each : all.requests) {
    if (pages_at_end(each, options) > options.pages) continue;
    longest = std::max(longest, std::size_t{each.prompt_tokens} + each.output_tokens);
  }
  return {.shape = fingerprint::shape(options.token_bytes),
          .tokens_per_page = options.tokens_per_page,
          .pages = options.pages,
          .max_sequences = (options.max_batch + 1) * options.samples,
          .max_tokens = longest};
}

}  // namespace replay
