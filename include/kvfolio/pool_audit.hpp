// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include <kvfolio/core/types.hpp>

/// \file
/// What the audits of all caches look at alike: the free pages of a pool, and copies in flight.

namespace kvfolio::detail {

// Marks the free pages in `uses`, by page, and says in `broken` if they are not each once among
// `[first, uses.size())`, or not as many as the pool says. Returns how many there are.
template <class Pool, class Uses>
std::size_t mark_free_pages(const Pool& pool, std::size_t first, Uses& uses, const char*& broken) {
  std::size_t free_pages = 0;
  pool.allocator().for_each([&](page_id page) {
    ++free_pages;
    if (to_index(page) < first || to_index(page) >= uses.size()) {
      broken = "a page is free that does not exist";
    } else if (std::exchange(uses[to_index(page)].free, true)) {
      broken = "a page is free twice";
    }
  });
  if (free_pages != pool.free()) broken = "the free list and its size differ";
  return free_pages;
}

// Feeds a digest with the pages below `pages` that copies touch, and what of them is still read.
template <class Copies, class Feed>
void feed_copies(const Copies& copies, std::size_t pages, Feed& feed) {
  for (std::size_t page = 0; page < pages; ++page) {
    if (!copies.busy(to_page(page))) continue;
    feed(page);
    feed(copies.unread(to_page(page)));
  }
}

}  // namespace kvfolio::detail
