// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kvfolio/core/key_index.hpp>
#include <kvfolio/core/page_set.hpp>
#include <kvfolio/eviction/concept.hpp>

#include "semantics.hpp"

namespace replay {

/// Every block of every request by itself: no prefixes, no pins, no tree. Keys are resolved as they
/// come; those that come soon are fetched into the processor's cache.
template <kvfolio::eviction_policy Policy>
[[nodiscard]] semantics_counts replay_plain(std::span<const block_request> trace,
                                            std::size_t capacity, Policy policy) {
  using namespace kvfolio;
  static constexpr std::size_t ahead = 16;
  semantics_counts counts;
  std::vector<content_key> keys;
  for (const auto& request : trace) counts.block_refs += request.hash_ids.size();
  keys.reserve(counts.block_refs + ahead);
  for (const auto& request : trace) {
    for (const auto id : request.hash_ids) keys.push_back(content_key{id});
  }
  keys.resize(counts.block_refs + ahead);

  key_index index{capacity};
  const std::vector<std::uint64_t> every_page((capacity + 63) / 64, ~std::uint64_t{0});
  std::size_t used = 0;
  const auto* key = keys.data();
  for (const auto& request : trace) {
    ++counts.requests;
    counts.input_tokens += request.input_tokens;
    for (std::size_t i = 0; i < request.hash_ids.size(); ++i, ++key) {
      index.prefetch(key[ahead]);
      const page_access access{.key = *key,
                               .access = static_cast<std::uint64_t>(key - keys.data()) + 1,
                               .request = counts.requests,
                               .now = request.timestamp_ms,
                               .depth = static_cast<std::uint32_t>(i)};
      if (const auto page = index.find(*key)) {
        ++counts.hit_blocks;
        policy.touch(*page, access);
        continue;
      }
      policy.miss(access);
      auto page = to_page(used);
      if (used < capacity) {
        ++used;
      } else {
        page = *policy.evict(access, page_set{every_page});
        index.erase(page);
        ++*counts.evictions;
      }
      index.insert(*key, page);
      policy.insert(page, access);
    }
  }
  return counts;
}

}  // namespace replay
