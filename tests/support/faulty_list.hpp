// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include <kvfolio/page/free_list.hpp>

namespace kvfolio::test {

/// An allocator that loses pages, or lists them twice, when it is told to: the audit must see it.
class faulty_list {
 public:
  faulty_list(page_id first, page_id last) : pages_{first, last} {}
  std::optional<page_id> allocate() noexcept { return pages_.allocate(); }
  void release(page_id page, page_history history) noexcept {
    if (!loses_pages) pages_.release(page, history);
  }
  std::size_t size() const noexcept { return pages_.size(); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    pages_.for_each(visit);
    if (lists_twice) pages_.for_each(visit);
  }
  static inline bool loses_pages = false;
  static inline bool lists_twice = false;

 private:
  page::free_list<> pages_;
};

}  // namespace kvfolio::test
