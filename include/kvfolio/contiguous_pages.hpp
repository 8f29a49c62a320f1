// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/cache_parts.hpp>
#include <kvfolio/contiguous_policies.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/page/on_wish.hpp>
#include <kvfolio/page/watched.hpp>
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

  /// Returns the policy objects for pages that are `rows`, on which `extension` works. Failures of
  /// copies are noted in `copied`. All three must outlive them. \throws std::bad_alloc
  template <class Mapping>
  [[nodiscard]] static auto parts(Mapping& rows, Extension& extension, result<void>& copied) {
    const auto& config = rows.config();
    auto made = cache_parts<contiguous_pages>::make(config);
    made.pages = {page::on_wish{page_id{0}, to_page(config.pages), rows.wishes()},
                  row_watch<Extension>{extension}};
    made.copies = row_copies<Extension>{extension, copied};
    return made;
  }
};

}  // namespace kvfolio
