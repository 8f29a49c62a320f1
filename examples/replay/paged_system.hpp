// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

#include <kvfolio/cache_parts.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/prefix/none.hpp>

#include <replay/instruments.hpp>
#include <replay/outcome.hpp>
#include <replay/sizing.hpp>
#include <replay/trace.hpp>

namespace replay {

/// The policies of the cache that serves: the default ones, watched.
struct serving : kvfolio::default_policies {
  using observer = shown_to<instruments>;
};

/// The same, but nothing is ever found again.
struct serving_without_reuse : serving {
  using prefix_index = kvfolio::prefix::none;
};

/// A system for `server` whose cache has pages.
template <kvfolio::policy_bundle Policies = serving>
struct paged {
  using cache = kvfolio::paged_cache<Policies>;  ///< whose sequences are served

  std::optional<typename Policies::eviction> ordering{};  ///< if not what the cache makes itself

  /// Makes a cache for `requests`, which `watching` sees. \throws what its constructor throws
  [[nodiscard]] cache make(const trace& requests, const serving_options& options,
                           instruments& watching) {
    const auto config = cache_for(requests, options);
    auto parts = kvfolio::cache_parts<Policies>::make(config);
    if (ordering) parts.ordering = *std::move(ordering);
    parts.observer = shown_to{watching};
    return cache{config, std::move(parts)};
  }
};

}  // namespace replay
