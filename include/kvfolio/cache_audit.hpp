// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/pool_audit.hpp>
#include <kvfolio/prefix/revocable.hpp>

namespace kvfolio::detail {

/// Looks into a cache from outside its verbs: recounts what they keep, and hashes it.
template <class Cache>
class cache_audit {
 public:
  explicit cache_audit(const Cache& cache) noexcept : cache_{cache} {}

  [[nodiscard]] std::size_t sequences_with(page_id page) const noexcept {
    std::size_t found = 0;
    cache_.records_.for_each_alive([&](std::size_t row) {
      for (std::size_t i = 0; i < tables().size(row); ++i) {
        if (tables().at(row, i) == page || cache_.chains_.twin_of(row, i) == page) ++found;
      }
    });
    return found;
  }

  [[nodiscard]] const char* broken_invariant() const {
    const char* broken = nullptr;
    const std::size_t first = cache_.config_.reserve_null_page ? 1 : 0;
    std::vector<page_use> uses(first + pool().capacity());
    cache_.records_.for_each_alive([&](std::size_t row) { count_row(row, uses, broken); });
    check_cached(uses, broken);
    std::size_t indexed = 0;
    for (auto page = first; page < uses.size(); ++page) {
      if (!index().contains(to_page(page))) continue;
      ++indexed;
      if (const auto parent = index().parent(to_page(page))) {
        ++uses[to_index(*parent)].pins;
        if (!index().contains(*parent)) broken = "an indexed page has a parent that is not";
      }
    }
    if (indexed != index().size()) broken = "the indexed pages are miscounted";
    const auto free_pages = mark_free_pages(pool(), first, uses, broken);
    totals found;
    for (auto page = first; page < uses.size(); ++page) {
      check_page(to_page(page), uses[page], found, broken);
    }
    if (found.landing != resident().landing()) broken = "pages that wait for copies are miscounted";
    if (found.evictable != resident().evictable()) broken = "the evictable pages are miscounted";
    if (resident().set_aside() > free_pages) broken = "more pages are reserved than are free";
    if (!cache_.chains_.plans_nothing()) broken = "a reservation left its plan behind";
    return broken;
  }

  [[nodiscard]] std::uint64_t digest() const noexcept {
    std::uint64_t hash = 0;
    const auto feed = [&hash](std::uint64_t word) { hash = mix_bits(hash * 31 + word + 1); };
    cache_.records_.for_each_alive([&](std::size_t row) {
      feed(row);
      feed(cache_.records_[row].length);
      feed(cache_.records_[row].committed);
      feed(cache_.records_[row].reserved ? cache_.records_[row].reserved_tokens + 1 : 0);
      for (std::size_t i = 0; i < tables().size(row); ++i) feed(to_index(tables().at(row, i)));
    });
    for (const auto row : cache_.records_.free()) feed(row);
    for (std::size_t page = 0; page < cache_.config_.pages; ++page) {
      if (!index().contains(to_page(page))) continue;
      const auto parent = index().parent(to_page(page));
      feed(page);
      feed(parent ? to_index(*parent) : cache_.config_.pages);
      if constexpr (revocable_prefix_index<typename Cache::policies::prefix_index>) {
        feed(index().is_hidden(to_page(page)) ? 1 : 0);
      }
    }
    pool().allocator().for_each([&](page_id page) { feed(to_index(page)); });
    feed_copies(resident().copies(), cache_.config_.pages, feed);
    feed(resident().set_aside());
    feed(resident().landing());
    feed(cache_.epoch_);
    feed(resident().now());
    return hash;
  }

 private:
  struct page_use {
    std::uint32_t pins = 0;
    bool in_row = false;
    bool free = false;
    std::size_t place = 0;  // in its rows
  };
  struct totals {
    std::size_t landing = 0;
    std::size_t evictable = 0;
  };

  [[nodiscard]] const auto& tables() const noexcept { return cache_.tables(); }
  [[nodiscard]] const auto& resident() const noexcept { return cache_.resident(); }
  [[nodiscard]] const auto& pool() const noexcept { return resident().pool(); }
  [[nodiscard]] const auto& index() const noexcept { return resident().index(); }

  void count_row(std::size_t row, std::vector<page_use>& uses, const char*& broken) const {
    const auto& record = cache_.records_[row];
    const auto size = tables().size(row);
    const auto needed = ceil_div(record.length, std::size_t{cache_.tokens_per_page()});
    if (size != needed) broken = "a sequence has more pages or fewer than its tokens need";
    if (record.committed > record.length) broken = "a sequence committed more than it has";
    for (std::size_t place = 0; place < size; ++place) {
      const auto page = tables().at(row, place);
      auto& use = uses[to_index(page)];
      if (place + 1 == size) ++use.pins;
      if (const auto twin = cache_.chains_.twin_of(row, place)) ++uses[to_index(*twin)].pins;
      if (cache_.chains_.hangs_elsewhere(row, place)) {
        ++uses[to_index(tables().at(row, place - 1))].pins;
      }
      if (use.in_row && use.place != place) broken = "a page is at two places";
      if (std::exchange(use.in_row, true)) continue;
      use.place = place;
      const bool draft = !index().contains(page);
      if (draft && place != 0) ++uses[to_index(tables().at(row, place - 1))].pins;
    }
  }

  // An indexed page is in use iff it, or one that follows it, is needed by others than such pages.
  // `uses` has the pins of rows and drafts.
  void check_cached(const std::vector<page_use>& uses, const char*& broken) const {
    std::vector<bool> in_use(uses.size());
    std::size_t cached = index().size();
    for (std::size_t page = 0; page < uses.size(); ++page) {
      if (!index().contains(to_page(page))) continue;
      if (uses[page].pins == 0 && !resident().copies().busy(to_page(page))) continue;
      for (auto at = std::optional{to_page(page)}; at && !in_use[to_index(*at)]; --cached) {
        in_use[to_index(*at)] = true;
        at = index().parent(*at);
      }
    }
    for (std::size_t page = 0; page < uses.size(); ++page) {
      if (!index().contains(to_page(page))) continue;
      if (resident().is_cached(to_page(page)) == in_use[page]) broken = "a page is wrongly cached";
    }
    if (resident().cached() != cached) broken = "the cached pages are miscounted";
  }

  void check_page(page_id page, const page_use& use, totals& found, const char*& broken) const {
    const bool busy = resident().copies().busy(page);
    const bool cached = index().contains(page) && use.pins == 0;
    if (pool().pins(page) != use.pins) broken = "a page has other pins than users";
    if (resident().is_evictable(page) != (cached && !busy)) broken = "a page is wrongly evictable";
    if (use.free && use.pins != 0) broken = "a page in use is free";
    if (use.free && index().contains(page)) broken = "an indexed page is free";
    if (use.free && busy) broken = "a page in flight is free";
    if (cached && !busy) ++found.evictable;
    if (use.free || use.pins != 0 || cached) return;
    if (busy) {
      ++found.landing;
    } else {
      broken = "a page is lost";
    }
  }

  const Cache& cache_;
};

}  // namespace kvfolio::detail
