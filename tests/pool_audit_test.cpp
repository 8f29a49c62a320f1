// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/pool_audit.hpp>
#include <kvfolio/refcount/local.hpp>

#include "support/faulty_list.hpp"

namespace kvfolio::test {
namespace {

struct page_use {
  bool free = false;
};

class pool_audit : public testing::Test {
 protected:
  // What is wrong if the pages from `first` to below `end` exist.
  const char* complaint(std::size_t first, std::size_t end) {
    const char* broken = nullptr;
    uses_.assign(end, {});
    free_ = detail::mark_free_pages(pool_, first, uses_, broken);
    return broken;
  }

  page_pool<faulty_list, refcount::local> pool_{{page_id{1}, page_id{5}}, 5};
  std::vector<page_use> uses_;
  std::size_t free_ = 0;
};

TEST_F(pool_audit, marks_the_free_pages_of_a_sound_pool) {
  const auto page = pool_.allocate().value();
  EXPECT_EQ(complaint(1, 5), nullptr);
  EXPECT_EQ(free_, 3U);
  EXPECT_FALSE(uses_[to_index(page)].free);
  EXPECT_TRUE(uses_[4].free);
}

TEST_F(pool_audit, finds_pages_that_do_not_exist_or_are_free_twice) {
  EXPECT_STREQ(complaint(2, 5), "a page is free that does not exist");
  EXPECT_STREQ(complaint(1, 4), "a page is free that does not exist");
  faulty_list::lists_twice = true;
  EXPECT_STREQ(complaint(1, 5), "the free list and its size differ");
  faulty_list::lists_twice = false;
}

TEST_F(pool_audit, feeds_a_digest_with_the_pages_that_copies_touch) {
  const model::page_layout layout{model::grouped_query(1, 1, 4, dtype::f16), 8,
                                  model::token_order::head_major};
  deferred_copies copies{4};
  copies.submit({page_id{1}, page_id{3}, 0, 7}, {{}, layout});
  std::vector<std::uint64_t> fed;
  const auto feed = [&fed](std::uint64_t word) { fed.push_back(word); };
  detail::feed_copies(copies, 4, feed);
  EXPECT_EQ(fed, (std::vector<std::uint64_t>{1, 7, 3, 0}));
}

}  // namespace
}  // namespace kvfolio::test
