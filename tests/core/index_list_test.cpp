// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/core/index_list.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

std::vector<page_id> pages_of(const index_list& list) {
  std::vector<page_id> pages;
  for (auto page = list.front(); page; page = list.next(*page)) pages.push_back(*page);
  return pages;
}

TEST(index_list, is_walked_in_the_order_in_which_pages_were_appended) {
  index_list list{4};
  EXPECT_EQ(list.front(), std::nullopt);
  for (const auto page : {page_id{3}, page_id{0}, page_id{2}}) list.push_back(page);
  list.move_to_back(page_id{3});
  EXPECT_EQ(pages_of(list), (std::vector{page_id{0}, page_id{2}, page_id{3}}));
  list.erase(page_id{2});
  EXPECT_EQ(pages_of(list), (std::vector{page_id{0}, page_id{3}}));
  EXPECT_FALSE(list.contains(page_id{2}));
  EXPECT_EQ(list.size(), 2U);
}

TEST(index_list, agrees_with_a_vector) {
  static constexpr std::size_t pages = 20;
  for_each_seed([](std::mt19937& rng) {
    index_list list{pages};
    std::vector<page_id> naive;
    for (int i = 0; i < 5'000; ++i) {
      const auto page = to_page(rng() % pages);
      const auto place = std::ranges::find(naive, page);
      ASSERT_EQ(list.contains(page), place != naive.end());
      if (place == naive.end()) {
        list.push_back(page);
        naive.push_back(page);
      } else if (rng() % 2 == 0) {
        list.erase(page);
        naive.erase(place);
      } else {
        list.move_to_back(page);
        std::rotate(place, place + 1, naive.end());
      }
      ASSERT_EQ(pages_of(list), naive) << "at step " << i;
      ASSERT_EQ(list.size(), naive.size());
    }
  });
}

#ifndef NDEBUG
TEST(index_list_death, erasing_a_page_that_is_not_there_is_a_contract_violation) {
  index_list list{4};
  EXPECT_DEATH(list.erase(page_id{2}), "contains");
}
#endif

}  // namespace
}  // namespace kvfolio::test
