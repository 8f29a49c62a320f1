// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/refcount/atomic.hpp>
#include <kvfolio/refcount/local.hpp>

#include "support/random_steps.hpp"

namespace kvfolio::test {
namespace {

template <class Pool>
class page_pool_with : public testing::Test {};
using pools = testing::Types<page_pool<page::free_list<page::append>, refcount::local>,
                             page_pool<page::free_list<page::split>, refcount::local>,
                             page_pool<page::free_list<>, refcount::atomic>>;
TYPED_TEST_SUITE(page_pool_with, pools);

template <class Pool>
Pool make_pool(std::size_t first, std::size_t bound) {
  using allocator = std::remove_cvref_t<decltype(std::declval<Pool&>().allocator())>;
  return Pool{allocator{to_page(first), to_page(bound)}, bound};
}

TYPED_TEST(page_pool_with, scenario_01_a_fresh_pool_hands_out_every_page_once) {
  auto pool = make_pool<TypeParam>(1, 20);
  EXPECT_EQ(pool.capacity(), 19U);
  EXPECT_EQ(pool.free(), 19U);
  std::set<page_id> seen;
  while (const auto page = pool.allocate()) {
    EXPECT_TRUE(seen.insert(*page).second);
    EXPECT_NE(*page, page_id{0}) << "it is not the allocator's";
    EXPECT_TRUE(pool.unique(*page));
  }
  EXPECT_EQ(seen.size(), 19U);
  EXPECT_EQ(pool.free(), 0U);
}

TYPED_TEST(page_pool_with, scenario_05_a_page_is_free_again_after_its_last_pin) {
  auto pool = make_pool<TypeParam>(0, 4);
  const auto page = *pool.allocate();
  pool.pin(page);
  EXPECT_EQ(pool.pins(page), 2U);
  EXPECT_FALSE(pool.unique(page));
  EXPECT_FALSE(pool.unpin(page));
  EXPECT_TRUE(pool.unpin(page));
  EXPECT_EQ(pool.free(), 3U) << "nobody gave it back yet";
  pool.release(page, page_history::draft);
  EXPECT_EQ(pool.free(), 4U);
  EXPECT_EQ(pool.pins(page), 0U);
}

TYPED_TEST(page_pool_with, scenario_10_free_and_pinned_pages_are_all_pages) {
  static constexpr std::size_t pages = 16;
  for_each_seed([](std::mt19937& rng) {
    auto pool = make_pool<TypeParam>(0, pages);
    std::map<page_id, std::uint32_t> naive;
    for (int i = 0; i < 10'000; ++i) {
      const auto page = to_page(rng() % pages);
      switch (rng() % 3) {
        case 0:
          if (const auto taken = pool.allocate()) {
            ASSERT_EQ(naive[*taken], 0U) << "at step " << i;
            naive[*taken] = 1;
          } else {
            ASSERT_EQ(pool.free(), 0U);
          }
          break;
        case 1:
          if (naive[page] == 0) break;
          pool.pin(page);
          ++naive[page];
          break;
        default:
          if (naive[page] == 0) break;
          const bool last = pool.unpin(page);
          ASSERT_EQ(last, --naive[page] == 0) << "at step " << i;
          if (last) pool.release(page, page_history::draft);
      }
      std::size_t pinned = 0;
      for (std::size_t each = 0; each < pages; ++each) {
        ASSERT_EQ(pool.pins(to_page(each)), naive[to_page(each)]) << "at step " << i;
        ASSERT_EQ(pool.unique(to_page(each)), naive[to_page(each)] == 1);
        pinned += naive[to_page(each)] != 0 ? 1 : 0;
      }
      ASSERT_EQ(pinned + pool.free(), pool.capacity()) << "at step " << i;
    }
  });
}

#ifndef NDEBUG
TYPED_TEST(page_pool_with, scenario_08_giving_back_what_is_not_held_dies) {
  auto pool = make_pool<TypeParam>(0, 4);
  EXPECT_DEATH(pool.pin(page_id{2}), "Assertion") << "it is free";
  EXPECT_DEATH(pool.pin(page_id{4}), "Assertion") << "there is no such page";
  EXPECT_DEATH(static_cast<void>(pool.unpin(page_id{2})), "Assertion");
  const auto page = *pool.allocate();
  EXPECT_DEATH(pool.release(page, page_history::draft), "idle") << "it is pinned";
  static_cast<void>(pool.unpin(page));
  pool.release(page, page_history::draft);
  EXPECT_DEATH(pool.release(page, page_history::draft), "free") << "all pages are free";
}
#endif

}  // namespace
}  // namespace kvfolio::test
