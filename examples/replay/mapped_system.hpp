// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include <kvfolio/contiguous_cache.hpp>
#include <kvfolio/prefix/none.hpp>

#include <replay/counting_backend.hpp>
#include <replay/instruments.hpp>
#include <replay/outcome.hpp>
#include <replay/row_shape.hpp>
#include <replay/sizing.hpp>
#include <replay/trace.hpp>

namespace replay {

/// The policies of a system that maps chunks of a device, watched; what was computed is found
/// again, and shown to several.
struct mapping_serving : kvfolio::default_contiguous_policies {
  using backend = counting_backend;
  using observer = shown_to<instruments>;

  /// Makes a device that has no bytes.
  [[nodiscard]] static backend make_backend(std::size_t bytes, std::size_t chunk_bytes) {
    return {bytes, chunk_bytes, false};
  }
};

/// The same, but nothing is ever found again.
struct mapping_without_reuse : mapping_serving {
  using prefix_index = kvfolio::prefix::none;
};

/// A system for `server` whose cache maps rows of chunks to the addresses of each request. Takes
/// options that are `in_rows`.
template <kvfolio::contiguous_bundle Policies = mapping_serving>
struct mapped {
  using cache = kvfolio::contiguous_cache<Policies>;  ///< whose sequences are served

  /// Makes a cache for `requests`, which `watching` sees. \throws what its constructor throws
  [[nodiscard]] cache make(const trace& requests, const serving_options& options,
                           instruments& watching) {
    const row_shape shape{options.mapping};
    const auto sizes = cache_for(requests, options);
    const kvfolio::contiguous_config config{
        .shape = shape.small(),
        .max_tokens = sizes.max_tokens,
        .max_sequences = sizes.max_sequences,
        .bytes = shape.small().bytes_per_token() * shape.tokens() * options.pages,
        .chunk_bytes = shape.small_chunk_bytes()};
    auto parts = kvfolio::contiguous_parts<Policies>::make(config);
    if (options.verify) {
      const auto bytes = parts.backend.usage().max_physical_bytes;
      parts.backend = counting_backend{bytes, config.chunk_bytes, true};
    }
    parts.observer = shown_to{watching};
    return cache{config, std::move(parts)};
  }
};

}  // namespace replay
