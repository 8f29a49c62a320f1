// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <utility>

#include <kvfolio/contiguous_config.hpp>
#include <kvfolio/contiguous_policies.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/observe/make_observer.hpp>
#include <kvfolio/vm/row_map.hpp>

namespace kvfolio {

/// The policy objects of a contiguous cache, for those who want to make some of them themselves:
/// `auto parts = kv::contiguous_parts<serving>::make(config); parts.observer = mine;`
template <contiguous_bundle Policies>
struct contiguous_parts {
  typename Policies::backend backend;                          ///< of the rows' memory
  [[no_unique_address]] typename Policies::eviction ordering;  ///< of the cached pages
  [[no_unique_address]] typename Policies::tier tier;          ///< of sequences that leave
  [[no_unique_address]] typename Policies::observer observer;  ///< of every event

  /// Makes what a cache of `config` makes for itself, with a tier that is made from nothing.
  /// \throws std::invalid_argument, or std::length_error, if there can be no such cache
  /// \throws what the constructor of a policy throws
  [[nodiscard]] static contiguous_parts make(const contiguous_config& config) requires
      std::default_initializable<typename Policies::tier> {
    return make(config, {});
  }
  /// The same with a tier that has a store, say.
  [[nodiscard]] static contiguous_parts make(const contiguous_config& config,
                                             typename Policies::tier tier) requires
      self_made_observer<typename Policies::observer> {
    const typename Policies::layout places{config.shape, config.chunk_bytes};
    const auto pages = config.in_rows(places).pages;
    const auto chunks = checked_mul(pages, vm::chunks_per_row(places)) + 1;  // one for copies
    return {.backend =
                Policies::make_backend(checked_mul(chunks, config.chunk_bytes), config.chunk_bytes),
            .ordering = typename Policies::eviction(pages),
            .tier = std::move(tier),
            .observer = make_observer<typename Policies::observer>(pages)};
  }
};

}  // namespace kvfolio
