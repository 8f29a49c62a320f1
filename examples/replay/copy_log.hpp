// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <kvfolio/core/types.hpp>
#include <kvfolio/observe/notify.hpp>

namespace replay {

/// An observer of the pages that copies are made into, until somebody has checked them.
class copied_pages
    : public kvfolio::ignore<kvfolio::event::page_fault, kvfolio::event::page_freed,
                             kvfolio::event::forked, kvfolio::event::page_indexed,
                             kvfolio::event::page_withdrawn, kvfolio::event::page_evicted,
                             kvfolio::event::page_hit, kvfolio::event::prompt_matched,
                             kvfolio::event::invalidated, kvfolio::event::failed> {
 public:
  /// Room for as many copies as a call can make; with 0, it looks away. \throws std::bad_alloc
  explicit copied_pages(std::size_t most) : on_{most != 0} { pages_.reserve(most); }

  using ignore::on;
  /// A copy was made. Precondition: there is room.
  void on(const kvfolio::event::page_copied& event) noexcept {
    if (on_) pages_.push_back(event.copy.destination);
  }

  /// Strikes `page` off and says whether it was there.
  [[nodiscard]] bool take(kvfolio::page_id page) noexcept { return std::erase(pages_, page) != 0; }

  /// Number of pages that nobody has taken.
  [[nodiscard]] std::size_t size() const noexcept { return pages_.size(); }

 private:
  bool on_;
  std::vector<kvfolio::page_id> pages_;
};

}  // namespace replay
