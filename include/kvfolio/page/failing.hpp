// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include <kvfolio/page/watched.hpp>

namespace kvfolio::page {

/// Runs dry when it is told to, whatever there is.
class drought : public null_watch {
 public:
  /// Lets `pages` more pages be handed out, and none after them, whatever comes back.
  void fail_after(std::size_t pages) noexcept { left_ = pages; }
  /// Ends that.
  void end() noexcept { left_ = null_watch::allowance(); }

  /// What may still be handed out.
  [[nodiscard]] std::size_t allowance() const noexcept { return left_; }
  /// Uses some of it.
  void taken(page_run run) noexcept {
    if (left_ != null_watch::allowance()) left_ -= run.pages;
  }

 private:
  std::size_t left_ = null_watch::allowance();
};

/// Hands out pages of `A` until its `drought` begins, and then fails: to test what a caller does
/// when pages run out at any given moment. `size()` agrees, so callers that ask first are told.
template <page_allocator A>
using failing = watched<A, drought>;

}  // namespace kvfolio::page
