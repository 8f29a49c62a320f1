// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kvfolio/page/watched.hpp>

namespace kvfolio::page {

/// What went through a `page::statistics`.
struct usage {
  std::size_t pages = 0;        ///< handed out now
  std::size_t peak_pages = 0;   ///< the most that were handed out at a time
  std::uint64_t taken = 0;      ///< pages handed out so far, alone or in runs
  std::uint64_t runs = 0;       ///< runs of more than one page, of these
  std::uint64_t drafts = 0;     ///< pages that came back as drafts
  std::uint64_t committed = 0;  ///< pages that came back otherwise
  std::uint64_t failures = 0;   ///< requests that were refused

  /// Equal in every count.
  friend bool operator==(const usage&, const usage&) = default;
};

/// Counts.
class usage_watch : public null_watch {
 public:
  /// What went through so far.
  [[nodiscard]] const usage& used() const noexcept { return usage_; }

  /// Counts the pages of `run` as handed out.
  void taken(page_run run) noexcept {
    usage_.taken += run.pages;
    usage_.runs += run.pages > 1 ? 1 : 0;
    usage_.pages += run.pages;
    usage_.peak_pages = std::max(usage_.peak_pages, usage_.pages);
  }
  /// Counts a failure.
  void refused(std::uint32_t /*pages*/) noexcept { ++usage_.failures; }
  /// Counts the pages of `run` as come back.
  void returning(page_run run, page_history history) noexcept {
    usage_.pages -= run.pages;
    (history == page_history::draft ? usage_.drafts : usage_.committed) += run.pages;
  }

 private:
  usage usage_;
};

/// Hands out pages of `A`, and counts what is taken and comes back: see `watch().used()`.
template <page_allocator A>
using statistics = watched<A, usage_watch>;

}  // namespace kvfolio::page
