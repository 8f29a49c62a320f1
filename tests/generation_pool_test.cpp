// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/cow_page.hpp>
#include <kvfolio/generation_pool.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/refcount/local.hpp>

namespace kvfolio::test {
namespace {

using plain_pool = page_pool<page::free_list<>, refcount::local>;

TEST(generation_pool, a_page_begins_a_new_generation_when_it_is_released) {
  generation_pool<plain_pool> pool{plain_pool{page::free_list<>{page_id{0}, page_id{2}}, 2}, 2};
  auto one = cow_page<generation_pool<plain_pool>>::allocate(pool).value();
  const auto page = one.id();
  const auto first = pool.generation(page);
  auto other = one;
  one.reset();
  EXPECT_EQ(pool.generation(page), first) << "somebody still has it";
  other.reset();
  EXPECT_EQ(pool.generation(page), first + 1);
  EXPECT_TRUE(pool.idle(page));
}

TEST(generation_pool, is_otherwise_the_pool_that_it_was_made_of) {
  generation_pool<plain_pool> pool{plain_pool{page::free_list<>{page_id{0}, page_id{2}}, 2}, 2};
  EXPECT_EQ(pool.capacity(), 2U);
  const auto page = pool.allocate();
  ASSERT_TRUE(page);
  EXPECT_EQ(pool.free(), 1U);
  EXPECT_TRUE(pool.unique(*page));
  pool.pin(*page);
  EXPECT_EQ(pool.pins(*page), 2U);
  EXPECT_FALSE(pool.unpin(*page));
  EXPECT_TRUE(pool.unpin(*page));
  pool.release(*page, page_history::draft);
  EXPECT_EQ(pool.free(), 2U);
}

#ifndef NDEBUG
TEST(generation_pool_death, knows_no_pages_but_its_own) {
  const generation_pool<plain_pool> pool{plain_pool{page::free_list<>{page_id{0}, page_id{2}}, 2},
                                         2};
  EXPECT_DEATH(static_cast<void>(pool.generation(page_id{2})), "generations_");
}
#endif

}  // namespace
}  // namespace kvfolio::test
