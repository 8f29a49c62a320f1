// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/page/concept.hpp>
#include <kvfolio/page/free_bits.hpp>

namespace kvfolio::page {

/// Hands out the lowest run of free pages that is long enough.
///
/// One bit a page, and above every 64 of them a binary tree that knows, of what is below each node,
/// the longest run of free pages and those at its two ends: what it takes to find the lowest run
/// that fits by one way down. After the page allocator of Go (Knyszek and Clements, "Scaling the Go
/// page allocator", 2019), whose tree has eight children a node.
///
/// A run that is long enough is found iff there is one. All operations are `noexcept`, free of
/// allocation and O(log pages), and O(1) more for every 64 pages of a run, except construction and
/// `resize`, which are O(pages). Costs 4 to 7 bits per page. One owner thread.
class first_fit {
 public:
  /// Creates a set of the pages `[first, last)`. \throws std::bad_alloc
  first_fit(page_id first, page_id last)
      : words_((to_index(last) - to_index(first) + 63) / 64),
        leaves_{std::bit_ceil(words_.size())},
        tree_(2 * leaves_),
        first_{first},
        last_{last} {
    set({first, static_cast<std::uint32_t>(to_index(last) - to_index(first))}, true);
  }

  /// Hands out the lowest free page; `nullopt` when none is free.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    const auto run = allocate_run(1);
    if (!run) return std::nullopt;
    return run->first;
  }

  /// Hands out the lowest `pages` consecutive free pages; `nullopt` iff there are none.
  [[nodiscard]] std::optional<page_run> allocate_run(std::uint32_t pages) noexcept {
    KVFOLIO_EXPECTS(pages > 0);
    if (tree_[1].longest < pages) return std::nullopt;
    const page_run run{to_page(to_index(first_) + lowest(pages)), pages};
    set(run, false);
    return run;
  }

  /// Takes `page` back. Precondition: `is_out(page)`.
  void release(page_id page, page_history history) noexcept { release_run({page, 1}, history); }

  /// Takes the pages of `run` back. Precondition: `is_out` of all of them.
  void release_run(page_run run, page_history /*history*/) noexcept {
    KVFOLIO_EXPECTS(all_out(*this, run));
    set(run, true);
  }

  /// Grows or shrinks to the pages `[first, last)`, or returns `errc::in_use`.
  /// \throws std::bad_alloc with nothing changed
  [[nodiscard]] result<void> resize(page_id last) {
    KVFOLIO_EXPECTS(first_ <= last);
    for (auto page = to_index(last); page < to_index(last_); ++page) {
      if (is_out(to_page(page))) return errc::in_use;
    }
    first_fit resized{first_, last};
    for (auto page = to_index(first_); page < to_index(std::min(last, last_)); ++page) {
      if (is_out(to_page(page))) resized.set({to_page(page), 1}, false);
    }
    *this = std::move(resized);
    return {};
  }

  /// Is `page` one of the pages, and handed out?
  [[nodiscard]] bool is_out(page_id page) const noexcept {
    if (page < first_ || last_ <= page) return false;
    const auto bit = to_index(page) - to_index(first_);
    return (words_[bit / 64] >> (bit % 64) & 1U) == 0;
  }

  /// Length of the longest run of free pages. O(1).
  [[nodiscard]] std::uint32_t longest_run() const noexcept { return tree_[1].longest; }

  /// Number of free pages.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls `visit(page)` for every free page, in ascending order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t word = 0; word < words_.size(); ++word) {
      for (auto rest = words_[word]; rest != 0; rest &= rest - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(rest));
        visit(to_page(to_index(first_) + 64 * word + bit));
      }
    }
  }

 private:
  // Where the lowest `pages` consecutive free pages begin, which there are.
  [[nodiscard]] std::size_t lowest(std::uint32_t pages) const noexcept {
    std::size_t node = 1;
    std::size_t begin = 0;
    for (auto half = 32 * leaves_; node < leaves_; half /= 2) {
      const auto& left = tree_[2 * node];
      if (left.longest >= pages) {
        node = 2 * node;
      } else if (left.back + tree_[2 * node + 1].front >= pages) {
        return begin + half - left.back;
      } else {
        node = 2 * node + 1;
        begin += half;
      }
    }
    return begin + first_run(words_[node - leaves_], pages);
  }

  // Makes the pages of `run`, all of them the other way round, free or not.
  void set(page_run run, bool free) noexcept {
    const auto begin = to_index(run.first) - to_index(first_);
    const auto end = begin + run.pages;
    for (auto at = begin; at < end;) {
      const auto count = std::min(64 - at % 64, end - at);
      auto& word = words_[at / 64];
      word ^= (~std::uint64_t{0} >> (64 - count)) << (at % 64);
      update(at / 64);
      at += count;
    }
    size_ = free ? size_ + run.pages : size_ - run.pages;
  }

  // Word `leaf` changed: so do the nodes above it, up to the first that stays as it is.
  void update(std::size_t leaf) noexcept {
    auto node = leaves_ + leaf;
    tree_[node] = runs_of(words_[leaf]);
    for (std::uint32_t half = 64; node > 1; half *= 2) {
      node /= 2;
      const auto [front, longest, back] = join(tree_[2 * node], tree_[2 * node + 1], half);
      auto& here = tree_[node];
      if (here.front == front && here.longest == longest && here.back == back) return;
      here.front = front;  // one by one: to copy them at once is to wait until they are in memory
      here.longest = longest;
      here.back = back;
    }
  }

  std::vector<std::uint64_t> words_;  // one bit a page, from first_ on; set: free
  std::size_t leaves_;                // a power of two, at least one a word
  std::vector<free_runs> tree_;       // root at 1, children of i at 2 i and 2 i + 1
  page_id first_;
  page_id last_;
  std::size_t size_ = 0;
};

static_assert(run_allocator<first_fit> && resizable_allocator<first_fit> &&
              checking_allocator<first_fit>);

}  // namespace kvfolio::page
