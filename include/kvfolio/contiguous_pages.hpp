// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <kvfolio/cache_parts.hpp>
#include <kvfolio/contiguous_parts.hpp>
#include <kvfolio/contiguous_policies.hpp>
#include <kvfolio/core/random_seed.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/mapped_sequences.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/page/on_wish.hpp>
#include <kvfolio/page/watched.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/row_copies.hpp>
#include <kvfolio/row_watch.hpp>

namespace kvfolio {

/// The policies of the cache within a `contiguous_cache`, whose pages are rows of chunks.
/// `Extension` is that of the cache, and works on its `mapped_sequences`.
template <contiguous_bundle Policies, class Extension>
struct contiguous_pages : Policies {
  using memory = kvfolio::memory::unbacked;  ///< rows have the bytes
  using page_allocator = page::watched<page::on_wish, row_watch<Extension>>;  ///< by wish
  using copies = row_copies<Extension>;  ///< wherever rows are mapped

  /// Returns the policy objects for pages that are `rows`, on which `extension` works, with those
  /// of `given`. Failures of copies are noted in `copied`. All but `given` must outlive them.
  /// \throws std::bad_alloc
  template <class Mapping>
  [[nodiscard]] static auto parts(Mapping& rows, Extension& extension, result<void>& copied,
                                  contiguous_parts<Policies>&& given) {
    const auto& config = rows.config();
    return cache_parts<contiguous_pages>{
        .memory = {},
        .pages = {page::on_wish{page_id{0}, to_page(config.pages), rows.wishes()},
                  row_watch<Extension>{extension}},
        .tables = typename Policies::page_table(config.max_sequences, config.longest_in_pages()),
        .index =
            typename Policies::prefix_index(config.pages, config.tokens_per_page,
                                            config.key_seed ? *config.key_seed : random_seed()),
        .ordering = std::move(given.ordering),
        .tier = std::move(given.tier),
        .copies = row_copies<Extension>{extension, copied},
        .observer = std::move(given.observer)};
  }
};

/// What a contiguous cache of a bundle is made of.
template <contiguous_bundle Policies>
struct contiguous_types {
  using mapping = mapped_sequences<Policies>;                        ///< what is mapped where
  using extension = typename Policies::template extension<mapping>;  ///< who maps ahead
  using pages = paged_cache<contiguous_pages<Policies, extension>>;  ///< what is mapped
};

}  // namespace kvfolio
