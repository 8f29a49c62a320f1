// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/thread_caches.hpp>

#include "../conformance/page_allocator_conformance.hpp"
#include "../support/interleavings.hpp"

namespace kvfolio::test {
namespace {

using kinds =
    testing::Types<page::thread_caches<page::free_list<>>, page::thread_caches<page::first_fit, 1>>;
INSTANTIATE_TYPED_TEST_SUITE_P(thread_caches, page_allocator_conformance, kinds);

TEST(thread_caches, a_thread_gets_its_own_pages_back_the_latest_first) {
  page::thread_caches<page::free_list<>> pages{page_id{0}, page_id{1'000}};
  const auto one = pages.allocate().value();
  const auto two = pages.allocate().value();
  pages.release(one, page_history::draft);
  pages.release(two, page_history::draft);
  EXPECT_EQ(pages.allocate(), two);
  EXPECT_EQ(pages.allocate(), one);
}

TEST(thread_caches, pages_in_the_cache_of_a_thread_that_is_gone_are_found) {
  page::thread_caches<page::free_list<>> pages{page_id{0}, page_id{10}, 4};
  std::jthread{[&pages] {
    std::vector<page_id> taken;
    while (const auto page = pages.allocate()) taken.push_back(*page);
    for (const auto page : taken) pages.release(page, page_history::committed);
  }}.join();
  EXPECT_EQ(pages.size(), 10U);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(pages.allocate()) << i;
  EXPECT_EQ(pages.allocate(), std::nullopt);
}

TEST(thread_caches, a_run_is_found_though_its_pages_are_in_caches) {
  page::thread_caches<page::first_fit> pages{page_id{0}, page_id{8}};
  const auto page = pages.allocate().value();
  pages.release(page, page_history::draft);
  EXPECT_EQ(pages.allocate_run(8), (page_run{page_id{0}, 8}));
}

TEST(thread_caches, a_run_or_a_size_that_is_refused_leaves_the_same_pages_free) {
  page::thread_caches<page::first_fit> pages{page_id{0}, page_id{100}};
  std::vector<page_id> taken(70);
  for (auto& page : taken) page = pages.allocate().value();
  for (const auto page : taken) {
    if (page != page_id{50}) pages.release(page, page_history::draft);
  }
  EXPECT_EQ(pages.allocate_run(51), std::nullopt);
  EXPECT_EQ(pages.resize(page_id{50}).error(), errc::in_use);
  EXPECT_EQ(pages.size(), 99U);
  EXPECT_EQ(pages.allocate_run(50), (page_run{page_id{0}, 50}));
  ASSERT_TRUE(pages.resize(page_id{51}));
  EXPECT_EQ(pages.size(), 0U);
  ASSERT_TRUE(pages.resize(page_id{200}));
  EXPECT_EQ(pages.size(), 149U);
  pages.release_run({page_id{0}, 51}, page_history::draft);
  EXPECT_EQ(pages.allocate_run(200), (page_run{page_id{0}, 200}));
}

#ifndef NDEBUG
TEST(thread_caches, scenario_08_giving_back_what_is_not_held_dies) {
  page::thread_caches<page::first_fit, 1> pages{page_id{1}, page_id{100}};
  const auto page = pages.allocate().value();
  EXPECT_DEATH(pages.release(page_id{0}, page_history::draft), "first") << "the null page";
  EXPECT_DEATH(pages.release(page_id{100}, page_history::draft), "last");
  pages.release(page, page_history::draft);
  EXPECT_DEATH(pages.release(page, page_history::draft), "contains");
}
#endif

// Two threads, each with a cache of two pages that come and go one by one.
class both_threads : public testing::Test {
 protected:
  using allocator = page::thread_caches<page::first_fit, 1, scheduled_mutex>;
  using program = interleavings::program;

  void expect_in_every_order(std::size_t pages, const program& one, const program& other) {
    const auto orders = threads_.explore(
        [&] {
          pages_.emplace(page_id{0}, to_page(pages), 2);
          all_ = pages;
          taken_.clear();
          returning_ = 0;
        },
        {one, other},
        [&] {
          auto seen = taken_;
          pages_->for_each([&](page_id page) { EXPECT_TRUE(seen.insert(page).second); });
          EXPECT_EQ(seen.size(), all_);
          EXPECT_EQ(pages_->size(), all_ - taken_.size());
        });
    RecordProperty("orders", static_cast<int>(orders));
    EXPECT_GT(orders, 50U);
  }

  // One thread runs at a time, and others only when it wants a lock: so what is noted here is what
  // was true when the lock was let go.
  std::optional<page_id> allocate() {
    const auto page = pages_->allocate();
    if (page) {
      EXPECT_TRUE(taken_.insert(*page).second) << "handed out twice";
    } else {
      EXPECT_EQ(taken_.size() + returning_, all_) << "a free page was not found";
    }
    return page;
  }
  void release(std::optional<page_id> page) {
    if (!page) return;
    taken_.erase(*page);
    ++returning_;
    pages_->release(*page, page_history::draft);
    --returning_;
  }
  void allocate_run(std::uint32_t count) {
    const auto run = pages_->allocate_run(count);
    if (!run) return;
    for (std::uint32_t i = 0; i < count; ++i) {
      EXPECT_TRUE(taken_.insert(to_page(to_index(run->first) + i)).second);
    }
  }

  std::optional<allocator> pages_;
  std::size_t all_ = 0;
  std::set<page_id> taken_;
  std::size_t returning_ = 0;

 private:
  interleavings threads_{2};
};

TEST_F(both_threads, find_a_page_iff_one_is_free_in_every_order) {
  const auto come_and_go = [this] {
    const auto page = allocate();
    release(page);
    static_cast<void>(allocate());
  };
  expect_in_every_order(1, come_and_go, come_and_go);
}

TEST_F(both_threads, never_share_a_page_in_any_order) {
  expect_in_every_order(
      2,
      [this] {
        const auto one = allocate();
        const auto two = allocate();
        release(one);
        release(two);
      },
      [this] { static_cast<void>(allocate()); });
}

TEST_F(both_threads, lose_no_page_when_caches_overflow_in_any_order) {
  const auto fill = [this] {
    const auto one = allocate();
    const auto two = allocate();
    const auto three = allocate();
    release(one);
    release(two);
    release(three);
  };
  expect_in_every_order(8, fill, [this] { release(allocate()); });
}

TEST_F(both_threads, may_resize_and_take_runs_while_others_take_pages) {
  expect_in_every_order(
      4,
      [this] {
        if (pages_->resize(page_id{6})) all_ = 6;
        allocate_run(3);
      },
      [this] {
        release(allocate());
        release(allocate());
      });
}

}  // namespace
}  // namespace kvfolio::test
