// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>

#include <kvfolio/page/watched.hpp>

namespace kvfolio::page {

/// Allows a number of pages to be handed out at a time: a tenant's share of a pool.
class quota : public null_watch {
 public:
  /// Allows `limit` pages at a time; any number, if not said.
  explicit quota(std::size_t limit = std::numeric_limits<std::size_t>::max()) noexcept
      : limit_{limit} {}

  /// Allows `limit` pages at a time from now on. If more are handed out already, no other is until
  /// enough of them came back.
  void set_limit(std::size_t limit) noexcept { limit_ = limit; }
  /// Pages that may be handed out at a time.
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  /// What is left of the limit.
  [[nodiscard]] std::size_t allowance() const noexcept {
    return taken_ < limit_ ? limit_ - taken_ : 0;
  }
  /// Uses some of it.
  void taken(page_run run) noexcept { taken_ += run.pages; }
  /// Gives that back.
  void returning(page_run run, page_history /*history*/) noexcept { taken_ -= run.pages; }

 private:
  std::size_t limit_;
  std::size_t taken_ = 0;
};

/// Hands out pages of `A`, at most so many at a time as its `quota` says; what goes beyond fails as
/// if `A` had failed, and leaves no trace.
template <page_allocator A>
using limiting = watched<A, quota>;

}  // namespace kvfolio::page
