// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/page/concept.hpp>

namespace kvfolio::page {

/// Splits blocks of 2^k pages in halves until one fits, and joins the halves when both are free
/// again (Knowlton, "A fast storage allocator", CACM 8, 1965). A block of 2^k pages begins at a
/// multiple of 2^k, so runs are aligned: what transfers and large mappings like.
///
/// Hands out the lowest of the smallest blocks that are large enough; what a run does not need of
/// its block stays free. A run is found iff there is a free block for it, of the next power of two:
/// there may be none although so many consecutive pages are free. The pages need not begin at a
/// multiple of anything, nor be a power of two.
///
/// All operations are `noexcept`, free of allocation and O(log2 pages x log64 pages), except
/// construction and `resize`, which are O(pages). Costs 2.04 bits per page id below the last. One
/// owner thread.
class buddy {
 public:
  /// Creates a set of the pages `[first, last)`. \throws std::bad_alloc
  buddy(page_id first, page_id last) : blocks_(bitmaps(last)), first_{first}, last_{last} {
    add({first, static_cast<std::uint32_t>(to_index(last) - to_index(first))});
  }

  /// Hands out the first page of the smallest block; `nullopt` when none is free.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    const auto run = allocate_run(1);
    if (!run) return std::nullopt;
    return run->first;
  }

  /// Hands out `pages` consecutive free pages, the first of which is a multiple of the next power
  /// of two; `nullopt` iff no free block is that large.
  [[nodiscard]] std::optional<page_run> allocate_run(std::uint32_t pages) noexcept {
    KVFOLIO_EXPECTS(pages > 0);
    const auto least = static_cast<std::uint32_t>(std::bit_width(pages - 1));
    if (least >= blocks_.size()) return std::nullopt;
    const auto candidates = orders_ >> least << least;
    if (candidates == 0) return std::nullopt;
    const auto order = static_cast<std::uint32_t>(std::countr_zero(candidates));
    const auto block = *blocks_[order].next(0);
    remove(order, block);
    size_ -= std::size_t{1} << order;
    const page_run run{to_page(block << order), pages};
    add({run.end(), (std::uint32_t{1} << order) - pages});
    return run;
  }

  /// Takes `page` back. Precondition: `is_out(page)`.
  void release(page_id page, page_history history) noexcept { release_run({page, 1}, history); }

  /// Takes the pages of `run` back. Precondition: `is_out` of all of them.
  void release_run(page_run run, page_history /*history*/) noexcept {
    KVFOLIO_EXPECTS(all_out(*this, run));
    add(run);
  }

  /// Grows or shrinks to the pages `[first, last)`, or returns `errc::in_use`.
  /// \throws std::bad_alloc with nothing changed
  [[nodiscard]] result<void> resize(page_id last) {
    KVFOLIO_EXPECTS(first_ <= last);
    for (auto page = to_index(last); page < to_index(last_); ++page) {
      if (is_out(to_page(page))) return errc::in_use;
    }
    buddy resized{first_, first_};
    resized.blocks_ = bitmaps(last);
    resized.last_ = last;
    for_each([&](page_id page) {
      if (page < last) resized.add({page, 1});
    });
    if (last_ < last) {
      resized.add({last_, static_cast<std::uint32_t>(to_index(last) - to_index(last_))});
    }
    *this = std::move(resized);
    return {};
  }

  /// Is `page` one of the pages, and handed out?
  [[nodiscard]] bool is_out(page_id page) const noexcept {
    if (page < first_ || last_ <= page) return false;
    for (std::size_t order = 0; order < blocks_.size(); ++order) {
      if (blocks_[order].contains(to_index(page) >> order)) return false;
    }
    return true;
  }

  /// Number of free pages.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls `visit(page)` for every free page: block by block, small ones first, which is the order
  /// in which single pages will be handed out.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t order = 0; order < blocks_.size(); ++order) {
      const auto& free = blocks_[order];
      for (auto block = free.next(0); block; block = free.next(*block + 1)) {
        for (auto page = *block << order; page != (*block + 1) << order; ++page) {
          visit(to_page(page));
        }
      }
    }
  }

 private:
  // One set of blocks for every order of which there can be any.
  [[nodiscard]] static std::vector<bitmap> bitmaps(page_id last) {
    std::vector<bitmap> blocks;
    for (auto bound = to_index(last); bound != 0; bound /= 2) blocks.emplace_back(bound + 1);
    return blocks;
  }

  // Frees pages, none of which is.
  void add(page_run run) noexcept {
    size_ += run.pages;
    for (auto page = to_index(run.first); page != to_index(run.end());) {
      const auto left = to_index(run.end()) - page;
      const auto order = std::min(static_cast<std::uint32_t>(std::countr_zero(page)),
                                  static_cast<std::uint32_t>(std::bit_width(left)) - 1);
      insert(order, page >> order);
      page += std::size_t{1} << order;
    }
  }

  // Joins the block with its other half as long as that is free.
  void insert(std::uint32_t order, std::size_t block) noexcept {
    for (; order + 1 < blocks_.size() && blocks_[order].contains(block ^ 1U); block /= 2) {
      remove(order++, block ^ 1U);
    }
    blocks_[order].insert(block);
    orders_ |= std::uint64_t{1} << order;
  }

  void remove(std::uint32_t order, std::size_t block) noexcept {
    blocks_[order].erase(block);
    if (blocks_[order].empty()) orders_ &= ~(std::uint64_t{1} << order);
  }

  std::vector<bitmap> blocks_;  // by order k: the free blocks of 2^k pages, by position / 2^k
  std::uint64_t orders_ = 0;    // one bit an order: are there free blocks?
  page_id first_;
  page_id last_;
  std::size_t size_ = 0;
};

static_assert(run_allocator<buddy> && resizable_allocator<buddy> && checking_allocator<buddy>);

}  // namespace kvfolio::page
