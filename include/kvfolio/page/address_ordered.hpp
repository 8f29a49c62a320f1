// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/page/concept.hpp>

namespace kvfolio::page {

/// Hands out the lowest free page, whatever was released last.
///
/// So the pages in use stay together at the low end: pages that are taken one after the other are
/// mostly neighbours, which lets copies of them be one copy, and the high end stays free, so that
/// the pool can shrink. Address-ordered first fit keeps fragmentation low (Wilson, Johnstone,
/// Neely, Boles, "Dynamic storage allocation: a survey and critical review", IWMM 1995,
/// section 3.5).
///
/// All operations are `noexcept`, free of allocation and O(log64 pages), except construction and
/// `resize`, which are O(pages). Costs 1.02 bits per page. One owner thread.
class address_ordered {
 public:
  /// Creates a set of the pages `[first, last)`. \throws std::bad_alloc
  address_ordered(page_id first, page_id last) : free_{to_index(last)}, first_{first}, last_{last} {
    add(first, last);
  }

  /// Hands out the lowest free page; `nullopt` when none is free.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    const auto lowest = free_.next(0);
    if (!lowest) return std::nullopt;
    free_.erase(*lowest);
    --size_;
    return to_page(*lowest);
  }

  /// Takes `page` back. Precondition: `is_out(page)`.
  void release(page_id page, page_history /*history*/) noexcept {
    KVFOLIO_EXPECTS(is_out(page));
    free_.insert(to_index(page));
    ++size_;
  }

  /// Grows or shrinks to the pages `[first, last)`, or returns `errc::in_use`.
  /// \throws std::bad_alloc with nothing changed
  [[nodiscard]] result<void> resize(page_id last) {
    KVFOLIO_EXPECTS(first_ <= last);
    for (auto page = to_index(last); page < to_index(last_); ++page) {
      if (is_out(to_page(page))) return errc::in_use;
    }
    address_ordered resized{last, last};
    for_each([&](page_id page) {
      if (page < last) resized.add(page, to_page(to_index(page) + 1));
    });
    if (last_ < last) resized.add(last_, last);
    resized.first_ = first_;
    *this = std::move(resized);
    return {};
  }

  /// Is `page` one of the pages, and handed out?
  [[nodiscard]] bool is_out(page_id page) const noexcept {
    return first_ <= page && page < last_ && !free_.contains(to_index(page));
  }

  /// Number of free pages.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls `visit(page)` for every free page, in the order in which they will be handed out.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (auto page = free_.next(0); page; page = free_.next(*page + 1)) visit(to_page(*page));
  }

 private:
  void add(page_id first, page_id last) noexcept {
    for (auto page = to_index(first); page < to_index(last); ++page) free_.insert(page);
    size_ += to_index(last) - to_index(first);
  }

  bitmap free_;  // by page
  page_id first_;
  page_id last_;
  std::size_t size_ = 0;
};

static_assert(resizable_allocator<address_ordered> && checking_allocator<address_ordered>);

}  // namespace kvfolio::page
