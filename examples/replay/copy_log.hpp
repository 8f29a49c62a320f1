// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <kvfolio/core/types.hpp>
#include <kvfolio/observe/counting_observer.hpp>
#include <kvfolio/observe/fan_out.hpp>
#include <kvfolio/observe/notify.hpp>

namespace replay {

/// The pages that copies were made into, until somebody has checked them.
class copied_pages {
 public:
  /// Room for as many copies as a call can make. \throws std::bad_alloc
  explicit copied_pages(std::size_t most) { pages_.reserve(most); }

  /// A copy was made into `page`. Precondition: there is room.
  void add(kvfolio::page_id page) noexcept { pages_.push_back(page); }

  /// Strikes `page` off and says whether it was there.
  [[nodiscard]] bool take(kvfolio::page_id page) noexcept { return std::erase(pages_, page) != 0; }

  /// Number of pages that nobody has taken.
  [[nodiscard]] std::size_t size() const noexcept { return pages_.size(); }

 private:
  std::vector<kvfolio::page_id> pages_;
};

/// An observer that writes down every copy, if it was told where.
class copy_log : public kvfolio::ignore<kvfolio::event::page_fault, kvfolio::event::page_freed,
                                        kvfolio::event::forked, kvfolio::event::failed> {
 public:
  /// Writes to `pages`, which must outlive it, or nowhere.
  explicit copy_log(copied_pages* pages = nullptr) noexcept : pages_{pages} {}

  using ignore::on;
  /// \overload
  void on(const kvfolio::event::page_copied& event) noexcept {
    if (pages_ != nullptr) pages_->add(event.copy.destination);
  }

 private:
  copied_pages* pages_;
};

/// What the server hears of its cache: counts of everything, and the copies.
struct cache_watch : kvfolio::fan_out<kvfolio::counting_observer, copy_log> {
  /// For a cache of `pages` pages.
  explicit cache_watch(std::size_t pages, copied_pages* log = nullptr)
      : fan_out{kvfolio::counting_observer{pages}, copy_log{log}} {}

  /// What was counted so far.
  [[nodiscard]] const kvfolio::event_counts& counts() const noexcept { return get<0>().counts(); }
};

static_assert(kvfolio::observer<cache_watch>);

}  // namespace replay
