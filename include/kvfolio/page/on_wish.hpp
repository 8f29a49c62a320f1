// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/index_list.hpp>
#include <kvfolio/page/concept.hpp>
#include <kvfolio/page/wish_list.hpp>

namespace kvfolio::page {

/// Hands out the page that a `wish_list` names, if it is free, and else the one that has been free
/// the longest.
///
/// For pages that are worth more to one user than to others, because they are mapped at its
/// addresses already: it wishes for them, and others take what is least likely to be wished for.
/// All operations are O(1), `noexcept` and free of allocation, except construction, which is
/// O(pages). Costs 8 bytes per page. One owner thread.
class on_wish {
 public:
  /// Makes the pages `[first, last)`, which nobody wishes for. \throws std::bad_alloc
  on_wish(page_id first, page_id last) : free_(to_index(last)), first_{first}, last_{last} {
    KVFOLIO_EXPECTS(first <= last);
    for (auto page = to_index(first); page < to_index(last); ++page) {
      free_.push_back(to_page(page));
    }
  }
  /// The same, for those who wish by way of `wishes`, which must outlive the pages.
  on_wish(page_id first, page_id last, wish_list& wishes) : on_wish{first, last} {
    wishes_ = &wishes;
  }

  /// Hands out the page that is wished for next, or the one that came back first; `nullopt` when
  /// none is free.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    auto page = wishes_ != nullptr ? wishes_->next() : std::nullopt;
    if (!page || *page < first_ || last_ <= *page || !free_.contains(*page)) page = free_.front();
    if (page) free_.erase(*page);
    return page;
  }

  /// Takes `page` back. Precondition: `is_out(page)`.
  void release(page_id page, page_history /*history*/) noexcept {
    KVFOLIO_EXPECTS(is_out(page));
    free_.push_back(page);
  }

  /// Is `page` one of the pages, and handed out?
  [[nodiscard]] bool is_out(page_id page) const noexcept {
    return first_ <= page && page < last_ && !free_.contains(page);
  }

  /// Number of free pages.
  [[nodiscard]] std::size_t size() const noexcept { return free_.size(); }

  /// Calls `visit(page)` for every free page, in the order in which they came back.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (auto page = free_.front(); page; page = free_.next(*page)) visit(*page);
  }

 private:
  index_list free_;
  page_id first_;
  page_id last_;
  wish_list* wishes_ = nullptr;
};

static_assert(checking_allocator<on_wish>);

}  // namespace kvfolio::page
