// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/page/concept.hpp>

namespace kvfolio::page {

/// Hands out the beginning of the shortest run of free pages that is long enough; of equally long
/// ones, of the one that became so latest.
///
/// Both ends of a free run bear its length, so that neighbours merge at once (boundary tags: Knuth,
/// "The Art of Computer Programming", volume 1, section 2.5). Runs of equal length form a list, and
/// a bitmap says of which lengths there are any: the exact best fit without a search.
///
/// A run that is long enough is found iff there is one. All operations are `noexcept`, free of
/// allocation and O(log64 pages), and O(1) more for every page of a run, except construction and
/// `resize`, which are O(pages). Costs 16 bytes per page. One owner thread.
class best_fit {
 public:
  /// Creates a set of the pages `[first, last)`. \throws std::bad_alloc
  best_fit(page_id first, page_id last) : lengths_{0}, first_{first}, last_{first} {
    fit_arrays(first);
    (void)resize(last);
  }

  /// Hands out the first page of the shortest run; `nullopt` when none is free.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    const auto run = allocate_run(1);
    if (!run) return std::nullopt;
    return run->first;
  }

  /// Hands out `pages` consecutive free pages; `nullopt` iff there are none.
  [[nodiscard]] std::optional<page_run> allocate_run(std::uint32_t pages) noexcept {
    KVFOLIO_EXPECTS(pages > 0);
    const auto length = lengths_.next(pages);
    if (!length) return std::nullopt;
    const auto begin = heads_[*length];
    unlink(begin);
    for (std::uint32_t i = 0; i < pages; ++i) tags_[begin + i] = 0;
    const auto rest = static_cast<std::uint32_t>(*length) - pages;
    if (rest != 0) link(begin + pages, rest);
    size_ -= pages;
    return page_run{page_at(begin), pages};
  }

  /// Takes `page` back. Precondition: `is_out(page)`.
  void release(page_id page, page_history history) noexcept { release_run({page, 1}, history); }

  /// Takes the pages of `run` back. Precondition: `is_out` of all of them.
  void release_run(page_run run, page_history /*history*/) noexcept {
    KVFOLIO_EXPECTS(all_out(*this, run));
    auto begin = node_at(run.first);
    auto length = run.pages;
    size_ += length;
    for (std::uint32_t i = 0; i < length; ++i)
      tags_[begin + i] = 1;  // free; the ends will say more
    if (const auto after = tags_[begin + length]; after != 0) {
      unlink(begin + length);
      length += after;
    }
    if (const auto before = tags_[begin - 1]; before != 0) {
      begin -= before;
      unlink(begin);
      length += before;
    }
    link(begin, length);
  }

  /// Grows or shrinks to the pages `[first, last)`, or returns `errc::in_use`.
  /// \throws std::bad_alloc with nothing changed
  [[nodiscard]] result<void> resize(page_id last) {
    KVFOLIO_EXPECTS(first_ <= last);
    if (last_ < last) {
      grow(last);
    } else if (last < last_) {
      const auto rest = tags_.end()[-2];  // of the run that ends where the pages do
      const auto leaving = to_index(last_) - to_index(last);
      if (rest < leaving) return errc::in_use;
      const auto begin = node_at(last_) - rest;
      unlink(begin);
      fit_arrays(last);
      if (rest != leaving) link(begin, rest - static_cast<std::uint32_t>(leaving));
      size_ -= leaving;
      last_ = last;
    }
    return {};
  }

  /// Is `page` one of the pages, and handed out?
  [[nodiscard]] bool is_out(page_id page) const noexcept {
    return first_ <= page && page < last_ && tags_[node_at(page)] == 0;
  }

  /// Number of free pages.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls `visit(page)` for every free page: run by run, in the order in which single pages will
  /// be handed out.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (auto length = lengths_.next(0); length; length = lengths_.next(*length + 1)) {
      for (auto begin = heads_[*length]; begin != 0; begin = links_[begin].next) {
        for (std::uint32_t i = 0; i < *length; ++i) visit(page_at(begin + i));
      }
    }
  }

 private:
  struct link_pair {
    std::uint32_t previous;
    std::uint32_t next;
  };

  // Page first_ is node 1: so there is a node before and one after the pages, which are never free.
  [[nodiscard]] std::uint32_t node_at(page_id page) const noexcept {
    return static_cast<std::uint32_t>(to_index(page) - to_index(first_) + 1);
  }
  [[nodiscard]] page_id page_at(std::uint32_t node) const noexcept {
    return to_page(to_index(first_) + node - 1);
  }

  // Throws, if at all, before anything but capacities has changed.
  void grow(page_id last) {
    const auto pages = to_index(last) - to_index(first_);
    bitmap lengths{pages + 1};
    for (auto each = lengths_.next(0); each; each = lengths_.next(*each + 1)) lengths.insert(*each);
    tags_.reserve(pages + 2);
    heads_.reserve(pages + 1);
    links_.reserve(pages + 1);
    lengths_ = std::move(lengths);
    fit_arrays(last);
    const page_run fresh{last_, static_cast<std::uint32_t>(to_index(last) - to_index(last_))};
    last_ = last;
    release_run(fresh, page_history::draft);
  }

  // Gives the arrays a node for every page below `last`, and the two besides.
  void fit_arrays(page_id last) {
    const std::size_t end = node_at(last);
    tags_.resize(end + 1);
    tags_.back() = 0;
    heads_.resize(end);
    links_.resize(end);
  }

  // Makes `length` nodes from `begin` on a free run.
  void link(std::uint32_t begin, std::uint32_t length) noexcept {
    tags_[begin] = tags_[begin + length - 1] = length;
    const auto next = std::exchange(heads_[length], begin);
    links_[begin] = {0, next};
    if (next != 0) {
      links_[next].previous = begin;
    } else {
      lengths_.insert(length);
    }
  }

  // Makes the free run from `begin` on none.
  void unlink(std::uint32_t begin) noexcept {
    const auto [previous, next] = links_[begin];
    const auto length = tags_[begin];
    if (next != 0) links_[next].previous = previous;
    if (previous != 0) {
      links_[previous].next = next;
    } else if ((heads_[length] = next) == 0) {
      lengths_.erase(length);
    }
  }

  std::vector<std::uint32_t> tags_;   // by node: 0 if handed out; at the ends of a run its length
  std::vector<link_pair> links_;      // by node: of runs of equal length, where they begin; 0: none
  std::vector<std::uint32_t> heads_;  // by length: the latest run; 0: none
  bitmap lengths_;                    // of which there are runs
  page_id first_;
  page_id last_;
  std::size_t size_ = 0;
};

static_assert(run_allocator<best_fit> && resizable_allocator<best_fit> &&
              checking_allocator<best_fit>);

}  // namespace kvfolio::page
