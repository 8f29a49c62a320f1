// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <kvfolio/paged_cache.hpp>
#include <kvfolio/tier/with_store.hpp>

#include <replay/chosen_tier.hpp>
#include <replay/instruments.hpp>
#include <replay/outcome.hpp>
#include <replay/paged_system.hpp>
#include <replay/sizing.hpp>
#include <replay/trace.hpp>

namespace replay {

/// The policies of a cache whose requests leave for a `Store` when they give way.
template <class Store>
struct serving_with_tier : serving {
  using tier = kvfolio::tier::with_store<chosen_tier, Store>;
};

/// A system for `server` whose cache has pages, and a store for them.
template <class Store>
struct tiered {
  using cache = kvfolio::paged_cache<serving_with_tier<Store>>;  ///< whose sequences are served

  chosen_tier policy;  ///< what is stored
  Store& store;        ///< where; it outlives the cache

  /// Makes a cache for `requests`, which `watching` sees. \throws what its constructor throws
  [[nodiscard]] cache make(const trace& requests, const serving_options& options,
                           instruments& watching) {
    const auto config = cache_for(requests, options);
    auto parts = cache::parts::make(config, {policy, store});
    parts.observer = shown_to<instruments>{watching};
    return cache{config, std::move(parts)};
  }
};

}  // namespace replay
