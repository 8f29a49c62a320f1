// SPDX-License-Identifier: Apache-2.0
// Every page allocator against a std::set of its free pages.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/address_ordered.hpp>
#include <kvfolio/page/best_fit.hpp>
#include <kvfolio/page/buddy.hpp>
#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/thread_caches.hpp>
#include <kvfolio/page/tracking.hpp>

#include "../support/random_steps.hpp"
#include "../support/sanitized.hpp"

namespace kvfolio::test {
namespace {

constexpr std::uint32_t first = 5;
constexpr int steps = sanitized ? 40'000 : 340'000;  // of each of three seeds: a million in all

std::uint32_t number(page_id page) {
  return static_cast<std::uint32_t>(page);
}

// The free pages, as a set that knows nothing of allocators.
struct naive_pages {
  std::set<std::uint32_t> free{};
  std::vector<std::uint32_t> taken{};  // in no order

  void take(page_run run) {
    for (auto page = number(run.first); page != number(run.end()); ++page) {
      ASSERT_EQ(free.erase(page), 1U) << "page " << page << " was not free";
      taken.push_back(page);
    }
  }

  void give(page_run run) {
    for (auto page = number(run.first); page != number(run.end()); ++page) {
      taken.erase(std::find(taken.begin(), taken.end(), page));
      free.insert(page);
    }
  }

  // Runs of free pages as long as they go, in ascending order.
  [[nodiscard]] std::vector<page_run> runs() const {
    std::vector<page_run> found;
    for (const auto page : free) {
      if (found.empty() || found.back().end() != page_id{page}) found.push_back({page_id{page}, 0});
      ++found.back().pages;
    }
    return found;
  }

  // The length of the shortest run that has `pages`; 0 if there is none.
  [[nodiscard]] std::uint32_t best_fit(std::uint32_t pages) const {
    std::uint32_t best = 0;
    for (const auto& run : runs()) {
      if (run.pages >= pages && (best == 0 || run.pages < best)) best = run.pages;
    }
    return best;
  }

  // The beginning of the lowest run that has `pages`.
  [[nodiscard]] std::optional<page_id> first_fit(std::uint32_t pages) const {
    for (const auto& run : runs()) {
      if (run.pages >= pages) return run.first;
    }
    return std::nullopt;
  }

  // Is there a free block for `pages`, at a multiple of its size, which is a power of two?
  [[nodiscard]] bool has_block(std::uint32_t pages) const {
    const auto size = std::bit_ceil(pages);
    for (const auto& run : runs()) {
      const auto begin = (number(run.first) + size - 1) / size * size;
      if (begin + size <= number(run.end())) return true;
    }
    return false;
  }
};

// Whatever it is, a leaf hands out what it says that it hands out.
template <class A>
void expect_choice(const naive_pages& before, std::uint32_t pages,
                   const std::optional<page_run>& run) {
  if constexpr (std::is_same_v<A, page::buddy>) {
    ASSERT_EQ(run.has_value(), before.has_block(pages));
    if (!run) return;
    ASSERT_EQ(number(run->first) % std::bit_ceil(pages), 0U);
  } else if constexpr (std::is_same_v<A, page::best_fit>) {
    const auto length = before.best_fit(pages);
    ASSERT_EQ(run.has_value(), length != 0);
    if (!run) return;
    const auto runs = before.runs();
    ASSERT_NE(std::find(runs.begin(), runs.end(), page_run{run->first, length}), runs.end());
  } else if constexpr (std::is_same_v<A, page::first_fit>) {
    const auto begin = before.first_fit(pages);
    ASSERT_EQ(run.has_value(), begin.has_value());
    if (!run) return;
    ASSERT_EQ(run->first, *begin);
  } else if constexpr (std::is_same_v<A, page::address_ordered>) {
    ASSERT_TRUE(run);
    ASSERT_EQ(number(run->first), *before.free.begin());
  }
}

template <class A>
struct driver {
  explicit driver(std::mt19937& source) : rng{source} {
    for (auto page = first; page != last; ++page) naive.free.insert(page);
  }

  void allocate() {
    const auto page = pages.allocate();
    ASSERT_EQ(page.has_value(), !naive.free.empty());
    if (!page) return;
    if (rng() % 64 == 0) expect_choice<A>(naive, 1, page_run{*page, 1});
    naive.take({*page, 1});
  }

  void release() {
    if (naive.taken.empty()) return;
    auto& page = naive.taken[rng() % naive.taken.size()];
    const page_run run{page_id{page}, 1};
    pages.release(run.first, rng() % 2 == 0 ? page_history::draft : page_history::committed);
    naive.give(run);
  }

  void allocate_run() {
    const auto count = static_cast<std::uint32_t>(1 + rng() % (rng() % 4 == 0 ? 90 : 8));
    const auto run = pages.allocate_run(count);
    expect_choice<A>(naive, count, run);
    if (!run) return;
    ASSERT_EQ(run->pages, count);
    naive.take(*run);
  }

  // Gives back a run around some page, however its pages were taken.
  void release_run() {
    if (naive.taken.empty()) return;
    auto begin = naive.taken[rng() % naive.taken.size()];
    auto end = begin + 1;
    const auto is_taken = [this](std::uint32_t page) {
      return first <= page && page < last && !naive.free.contains(page);
    };
    while (rng() % 8 != 0 && is_taken(begin - 1)) --begin;
    while (rng() % 8 != 0 && is_taken(end)) ++end;
    pages.release_run({page_id{begin}, end - begin}, page_history::draft);
    naive.give({page_id{begin}, end - begin});
  }

  void resize() {
    const auto wanted = first + static_cast<std::uint32_t>(rng() % 300);
    bool possible = true;
    for (auto page = wanted; page < last; ++page) possible &= naive.free.contains(page);
    const auto resized = pages.resize(page_id{wanted});
    ASSERT_EQ(resized.has_value(), possible);
    if (!possible) return;
    for (auto page = wanted; page < last; ++page) naive.free.erase(page);
    for (auto page = last; page < wanted; ++page) naive.free.insert(page);
    last = wanted;
  }

  void step() {
    const auto what = rng() % 1'000;
    if (what < 5) return resize();
    if constexpr (run_allocator<A>) {
      if (what < 120) return allocate_run();
      if (what < 240) return release_run();
    }
    // Mostly the one, then mostly the other, so that the pool is now full and now empty.
    rng() % 16 < (ups ? 9 : 7) ? allocate() : release();
    if (what == 999) ups = !ups;
  }

  void check_all() {
    std::set<std::uint32_t> seen;
    pages.for_each([&](page_id page) { ASSERT_TRUE(seen.insert(number(page)).second); });
    ASSERT_EQ(seen, naive.free);
  }

  std::mt19937& rng;
  std::uint32_t last = 200;
  A pages{page_id{first}, page_id{last}};
  naive_pages naive{};
  bool ups = true;
};

template <class A>
class page_allocators : public testing::Test {};
using all = testing::Types<page::free_list<>, page::address_ordered, page::first_fit,
                           page::best_fit, page::buddy, page::thread_caches<page::first_fit, 4>,
                           page::tracking<page::free_list<page::append>>>;
TYPED_TEST_SUITE(page_allocators, all);

TYPED_TEST(page_allocators, scenario_10_are_sets_of_pages_that_choose) {
  for_each_seed([](std::mt19937& rng) {
    driver<TypeParam> pool{rng};
    for (int i = 0; i < steps; ++i) {
      SCOPED_TRACE(i);
      pool.step();
      ASSERT_EQ(pool.pages.size(), pool.naive.free.size());
      if constexpr (checking_allocator<TypeParam>) {
        const auto page = static_cast<std::uint32_t>(rng() % 310);
        ASSERT_EQ(pool.pages.is_out(page_id{page}),
                  first <= page && page < pool.last && !pool.naive.free.contains(page));
      }
      if (i % 500 == 0) pool.check_all();
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
