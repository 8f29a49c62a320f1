// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/observe/notify.hpp>

namespace kvfolio {

/// What a `counting_observer` counted.
struct event_counts {
  std::uint64_t page_faults = 0;  ///< pages that token positions without storage needed
  std::uint64_t page_copies = 0;  ///< pages that a write needed because something read the old one
  std::uint64_t divergences = 0;  ///< of those, copies of pages that other sequences share
  std::uint64_t page_reuses = 0;  ///< of faults and copies, pages that had held something before
  std::uint64_t pages_freed = 0;  ///< pages that nobody needed any more
  std::uint64_t tokens_copied = 0;    ///< tokens moved by the page copies
  std::uint64_t forks = 0;            ///< sequences made from others
  std::uint64_t pages_shared = 0;     ///< pages that those forks did not copy
  std::uint64_t pages_indexed = 0;    ///< pages that could be found from then on
  std::uint64_t pages_evicted = 0;    ///< cached pages that left to make room
  std::uint64_t pages_withdrawn = 0;  ///< indexed pages that their only owner wrote to again
  std::uint64_t page_hits = 0;        ///< pages of prompts that were there already
  std::uint64_t hit_tokens = 0;       ///< tokens of prompts that were there already
  std::uint64_t prompt_tokens = 0;    ///< tokens of all prompts
  std::uint64_t failures = 0;         ///< calls that returned an error

  /// Pages taken from the free list.
  [[nodiscard]] std::uint64_t pages_allocated() const noexcept { return page_faults + page_copies; }

  /// Pages that copy-on-write saved, against copying every page at every fork.
  ///
  /// A page that `n` sequences share and `k` of them came to write saves `n - 1 - k` copies: each
  /// of the `n - 1` forks would have copied it, and `k <= n - 1` did, because the last one writes
  /// in place. Summed over all pages that is this difference. StarAI's own formula, n (Size - mod),
  /// counts a copy that must exist and forgets that whole pages are taken.
  [[nodiscard]] std::uint64_t copies_saved() const noexcept { return pages_shared - divergences; }

  /// Equal in every count.
  friend bool operator==(const event_counts&, const event_counts&) = default;
};

/// Counts events. O(1) each; 1.02 bits per page. One owner thread, as the cache it observes.
class counting_observer {
 public:
  /// Counts for pages `[0, pages)`, from zero. \throws std::bad_alloc
  explicit counting_observer(std::size_t pages) : used_before_{pages} {}

  /// What was counted so far.
  [[nodiscard]] const event_counts& counts() const noexcept { return counts_; }

  /// Counts one event of the type.
  void on(const event::page_fault& event) noexcept {
    ++counts_.page_faults;
    note_use(event.page);
  }
  /// \overload
  void on(const event::page_copied& event) noexcept {
    ++counts_.page_copies;
    counts_.divergences += event.shared ? 1 : 0;
    counts_.tokens_copied += event.copy.tokens;
    note_use(event.copy.destination);
  }
  /// \overload
  void on(const event::page_freed& /*event*/) noexcept { ++counts_.pages_freed; }
  /// \overload
  void on(const event::forked& event) noexcept {
    ++counts_.forks;
    counts_.pages_shared += event.pages;
  }
  /// \overload
  void on(const event::page_indexed& /*event*/) noexcept { ++counts_.pages_indexed; }
  /// \overload
  void on(const event::page_evicted& /*event*/) noexcept { ++counts_.pages_evicted; }
  /// \overload
  void on(const event::page_withdrawn& /*event*/) noexcept { ++counts_.pages_withdrawn; }
  /// \overload
  void on(const event::page_hit& /*event*/) noexcept { ++counts_.page_hits; }
  /// \overload
  void on(const event::prompt_matched& event) noexcept {
    counts_.hit_tokens += event.hit_tokens;
    counts_.prompt_tokens += event.prompt.size();
  }
  /// \overload
  void on(const event::invalidated& /*event*/) noexcept {}
  /// \overload
  void on(const event::failed& /*event*/) noexcept { ++counts_.failures; }

 private:
  void note_use(page_id page) noexcept {
    if (used_before_.contains(to_index(page))) ++counts_.page_reuses;
    used_before_.insert(to_index(page));
  }

  bitmap used_before_;
  event_counts counts_;
};

static_assert(observer<counting_observer>);

}  // namespace kvfolio
