// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio::detail {

/// Looks into a cache from outside its verbs: recounts what they keep, and hashes it.
template <class Cache>
class cache_audit {
 public:
  explicit cache_audit(const Cache& cache) noexcept : cache_{cache} {}

  [[nodiscard]] std::size_t sequences_with(page_id page) const noexcept {
    std::size_t found = 0;
    for_each_row([&](std::size_t row) {
      for (std::size_t i = 0; i < cache_.tables().size(row); ++i) {
        if (cache_.tables().at(row, i) == page) ++found;
      }
    });
    return found;
  }

  [[nodiscard]] const char* broken_invariant() const {
    const char* broken = nullptr;
    std::vector<page_use> uses(cache_.config_.pages);
    for_each_row([&](std::size_t row) { count_row(row, uses, broken); });
    std::size_t free_pages = 0;
    cache_.chains_.pool().allocator().for_each([&](page_id page) {
      ++free_pages;
      if (to_index(page) >= uses.size()) {
        broken = "a page is free that does not exist";
      } else if (std::exchange(uses[to_index(page)].free, true)) {
        broken = "a page is free twice";
      }
    });
    if (free_pages != cache_.chains_.pool().free()) broken = "the free list and its size differ";
    std::size_t landing = 0;
    for (std::size_t page = cache_.config_.reserve_null_page ? 1 : 0; page < uses.size(); ++page) {
      check_page(to_page(page), uses[page], landing, broken);
    }
    if (landing != cache_.chains_.landing()) broken = "pages that wait for copies are miscounted";
    if (cache_.reserved_ > free_pages) broken = "more pages are reserved than are free";
    if (!cache_.chains_.plans_nothing()) broken = "a reservation left its plan behind";
    return broken;
  }

  [[nodiscard]] std::uint64_t digest() const noexcept {
    std::uint64_t hash = 0;
    const auto feed = [&hash](std::uint64_t word) { hash = mix_bits(hash * 31 + word + 1); };
    for_each_row([&](std::size_t row) {
      feed(row);
      feed(cache_.records_[row].length);
      feed(cache_.records_[row].committed);
      feed(cache_.records_[row].reserved ? cache_.records_[row].reserved_tokens + 1 : 0);
      for (std::size_t i = 0; i < cache_.tables().size(row); ++i) {
        feed(to_index(cache_.tables().at(row, i)));
      }
    });
    for (const auto row : cache_.free_rows_) feed(row);
    cache_.chains_.pool().allocator().for_each([&](page_id page) { feed(to_index(page)); });
    for (std::size_t page = 0; page < cache_.config_.pages; ++page) {
      if (!cache_.chains_.copies().busy(to_page(page))) continue;
      feed(page);
      feed(cache_.chains_.copies().unread(to_page(page)));
    }
    feed(cache_.reserved_);
    feed(cache_.chains_.landing());
    return hash;
  }

 private:
  struct page_use {
    std::uint32_t pins = 0;
    bool seen = false;
    std::size_t place = 0;  // in its chain
    page_id before{};       // the page that it holds
    bool free = false;
  };

  template <class Visit>
  void for_each_row(Visit visit) const {
    for (std::size_t row = 0; row < cache_.records_.size(); ++row) {
      if (cache_.records_[row].alive) visit(row);
    }
  }

  void count_row(std::size_t row, std::vector<page_use>& uses, const char*& broken) const {
    const auto& record = cache_.records_[row];
    const auto size = cache_.tables().size(row);
    const auto needed = ceil_div(record.length, std::size_t{cache_.tokens_per_page()});
    if (size != needed) broken = "a sequence has more pages or fewer than its tokens need";
    if (record.committed > record.length) broken = "a sequence committed more than it has";
    for (std::size_t place = 0; place < size; ++place) {
      const auto page = cache_.tables().at(row, place);
      auto& use = uses[to_index(page)];
      const auto before = place == 0 ? page : cache_.tables().at(row, place - 1);
      if (place + 1 == size) ++use.pins;
      if (use.seen) {
        if (use.place != place || use.before != before) broken = "a page is in two chains";
        continue;
      }
      use.seen = true;
      use.place = place;
      use.before = before;
      if (place != 0) ++uses[to_index(before)].pins;
    }
  }

  void check_page(page_id page, const page_use& use, std::size_t& landing,
                  const char*& broken) const {
    if (cache_.chains_.pool().pins(page) != use.pins) broken = "a page has other pins than users";
    const bool busy = cache_.chains_.copies().busy(page);
    if (use.free && use.pins != 0) broken = "a page in use is free";
    if (use.free && busy) broken = "a page in flight is free";
    if (use.free || use.pins != 0) return;
    if (busy) {
      ++landing;
    } else {
      broken = "a page is lost";
    }
  }

  const Cache& cache_;
};

}  // namespace kvfolio::detail
