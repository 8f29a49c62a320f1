// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <utility>

#include <kvfolio/cache_config.hpp>
#include <kvfolio/core/random_seed.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/observe/make_observer.hpp>
#include <kvfolio/policies.hpp>

namespace kvfolio {

/// The policy objects of a cache, for those who want to make some of them themselves:
/// `auto parts = kv::cache_parts<serving>::make(config); parts.observer = mine;`
/// A policy without state takes no space.
template <policy_bundle Policies>
struct cache_parts {
  [[no_unique_address]] typename Policies::memory memory;         ///< of the pages' bytes
  [[no_unique_address]] typename Policies::page_allocator pages;  ///< of all pages that may be used
  [[no_unique_address]] typename Policies::page_table tables;     ///< of all sequences
  [[no_unique_address]] typename Policies::prefix_index index;    ///< of the pages' contents
  [[no_unique_address]] typename Policies::eviction ordering;     ///< of the cached pages
  [[no_unique_address]] typename Policies::tier tier;             ///< of sequences that leave
  [[no_unique_address]] typename Policies::copies copies;         ///< among the pages
  [[no_unique_address]] typename Policies::observer observer;     ///< of every event

  /// Makes what a cache of `config` makes for itself. Memory, tier and observer are made from
  /// nothing, but an observer that can be made from a number of pages is made from it. \throws what
  /// `checked(config)` or the constructor of a policy throws
  [[nodiscard]] static cache_parts make(
      const cache_config& config) requires std::default_initializable<typename Policies::memory> &&
      std::default_initializable<typename Policies::tier> &&
      self_made_observer<typename Policies::observer> {
    return make(config, {});
  }
  /// The same with a tier that has a store, say.
  [[nodiscard]] static cache_parts make(const cache_config& config,
                                        typename Policies::tier tier) requires
      std::default_initializable<typename Policies::memory> &&
      self_made_observer<typename Policies::observer> {
    (void)checked(config);
    return {
        .memory = typename Policies::memory{},
        .pages = typename Policies::page_allocator(to_page(config.reserve_null_page ? 1 : 0),
                                                   to_page(config.pages)),
        .tables = typename Policies::page_table(config.max_sequences, config.longest_in_pages()),
        .index =
            typename Policies::prefix_index(config.pages, config.tokens_per_page,
                                            config.key_seed ? *config.key_seed : random_seed()),
        .ordering = typename Policies::eviction(config.pages),
        .tier = std::move(tier),
        .copies = typename Policies::copies(config.pages),
        .observer = make_observer<typename Policies::observer>(config.pages)};
  }
};

}  // namespace kvfolio
