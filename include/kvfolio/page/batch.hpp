// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/page/concept.hpp>

namespace kvfolio::page {

/// Fills `out` with pages that it takes from `pages`, or takes none and returns
/// `errc::out_of_pages`. O(out.size()) times one `allocate`.
///
/// An allocator that several threads use, or that fails although it has pages, may fail in the
/// middle: then the pages go back, the last one first, and `out` is left with ids of no meaning.
template <page_allocator A>
[[nodiscard]] result<void> allocate_batch(A& pages, std::span<page_id> out) noexcept {
  if (pages.size() < out.size()) return errc::out_of_pages;
  for (std::size_t taken = 0; taken < out.size(); ++taken) {
    const auto page = pages.allocate();
    if (!page) {
      while (taken-- > 0) pages.release(out[taken], page_history::draft);
      return errc::out_of_pages;
    }
    out[taken] = *page;
  }
  return {};
}

/// Gives `batch` back, in order; its pages held what `history` says. Precondition: they are
/// different, and handed out; an allocator that knows them checks all before it takes the first.
template <page_allocator A>
void release_batch(A& pages, std::span<const page_id> batch, page_history history) noexcept {
  if constexpr (checking_allocator<A>) {
    KVFOLIO_EXPECTS(std::all_of(batch.begin(), batch.end(),
                                [&pages](page_id page) { return pages.is_out(page); }));
  }
  for (const auto page : batch) pages.release(page, history);
}

}  // namespace kvfolio::page
