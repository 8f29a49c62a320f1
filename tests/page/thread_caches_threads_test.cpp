// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/thread_caches.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/refcount/atomic.hpp>

namespace kvfolio::test {
namespace {

constexpr std::uint32_t workers = 4;
constexpr int steps = 20'000;

// Each worker takes pages, writes its name on them, and finds it there when it gives them back.
template <class Allocator>
void churn(Allocator& pages, std::vector<std::uint32_t>& names, std::uint32_t self,
           std::size_t most) {
  std::mt19937 rng{self};
  std::vector<page_id> mine;
  for (int i = 0; i < steps; ++i) {
    if (rng() % 2 == 0 && mine.size() < most) {
      if (const auto page = pages.allocate()) {
        names[to_index(*page)] = self;
        mine.push_back(*page);
      }
    } else if (!mine.empty()) {
      std::swap(mine[rng() % mine.size()], mine.back());
      EXPECT_EQ(names[to_index(mine.back())], self);
      pages.release(mine.back(), page_history::draft);
      mine.pop_back();
    }
  }
  for (const auto page : mine) pages.release(page, page_history::committed);
}

// With few pages threads collect from each other all the time, with many hardly ever.
class thread_caches_of : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(pages, thread_caches_of, testing::Values(3, 40, 600));

TEST_P(thread_caches_of, scenario_11_no_page_has_two_users_and_none_is_lost) {
  page::thread_caches<page::free_list<>, 8> pages{page_id{0}, page_id{GetParam()}, 3};
  std::vector<std::uint32_t> names(GetParam());
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t self = 0; self < workers; ++self) {
      threads.emplace_back([&, self] { churn(pages, names, self, GetParam() / 2 + 1); });
    }
  }
  EXPECT_EQ(pages.size(), GetParam());
  std::size_t found = 0;
  while (pages.allocate()) ++found;
  EXPECT_EQ(found, GetParam());
}

TEST(thread_caches_threads, a_pool_may_be_resized_and_looked_at_while_others_use_it) {
  page::thread_caches<page::first_fit> pages{page_id{0}, page_id{500}};
  std::vector<std::uint32_t> names(1'000);
  std::atomic<bool> done{false};
  {
    std::jthread resizing{[&] {
      for (std::uint32_t last = 500; !done; last = last == 500 ? 1'000 : 500) {
        const auto resized = pages.resize(page_id{last});
        EXPECT_TRUE(resized || resized.error() == errc::in_use);
        EXPECT_LE(pages.size(), 1'000U);
        if (const auto run = pages.allocate_run(20)) {
          pages.release_run(*run, page_history::draft);
        }
      }
    }};
    std::vector<std::jthread> threads;
    for (std::uint32_t self = 0; self < 2; ++self) {
      threads.emplace_back([&, self] { churn(pages, names, self, 100); });
    }
    threads.clear();
    done = true;
  }
  ASSERT_TRUE(pages.resize(page_id{700}));
  EXPECT_EQ(pages.size(), 700U);
  EXPECT_TRUE(pages.allocate_run(700));
}

TEST(thread_caches_threads, a_pool_of_pins_may_be_shared_by_threads) {
  using allocator = page::thread_caches<page::free_list<>>;
  page_pool<allocator, refcount::atomic> pool{allocator{page_id{0}, page_id{100}}, 100};
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t self = 0; self < workers; ++self) {
      threads.emplace_back([&pool] {
        for (int i = 0; i < steps; ++i) {
          const auto page = pool.allocate();
          ASSERT_TRUE(page) << "there are more pages than threads";
          pool.pin(*page);
          EXPECT_FALSE(pool.unpin(*page));
          EXPECT_TRUE(pool.unpin(*page));
          pool.release(*page, page_history::draft);
        }
      });
    }
  }
  EXPECT_EQ(pool.free(), 100U);
}

}  // namespace
}  // namespace kvfolio::test
