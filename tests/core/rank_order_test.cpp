// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/core/rank_order.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

TEST(rank_order, is_empty_when_new_and_returns_to_it) {
  rank_order<int> order{2};
  EXPECT_EQ(order.first(), std::nullopt);
  order.insert(page_id{1}, 7);
  EXPECT_EQ(order.size(), 1U);
  EXPECT_EQ(order.take_first(), page_id{1});
  EXPECT_EQ(order.take_first(), std::nullopt);
  EXPECT_FALSE(order.contains(page_id{1}));
}

TEST(rank_order, of_equal_ranks_the_page_with_the_lower_number_comes_first) {
  rank_order<int> order{9};
  for (const std::size_t page : {5U, 8U, 2U, 7U, 3U, 6U}) order.insert(to_page(page), 1);
  for (const std::size_t page : {2U, 3U, 5U, 6U, 7U, 8U}) {
    EXPECT_EQ(order.take_first(), to_page(page));
  }
}

TEST(rank_order, a_hidden_page_can_change_and_leave) {
  rank_order<int> order{3};
  for (int page = 0; page < 3; ++page) order.insert(to_page(static_cast<std::size_t>(page)), page);
  order.hide(page_id{0});
  order.hide(page_id{1});
  order.change(page_id{0}, 9);
  order.erase(page_id{1});
  EXPECT_EQ(order.first(), page_id{2});
  order.show(page_id{0});
  EXPECT_EQ(order.rank_of(page_id{0}), 9);
  EXPECT_EQ(order.take_first(), page_id{2});
  EXPECT_EQ(order.take_first(), page_id{0});
}

TEST(rank_order, agrees_with_a_sorted_set) {
  for (const std::size_t pages : {1U, 5U, 6U, 90U}) {
    for_each_seed([pages](std::mt19937& rng) {
      rank_order<std::uint32_t> order{pages};
      std::set<std::pair<std::uint32_t, page_id>> shown;
      std::map<page_id, std::uint32_t> ranks;
      for (int i = 0; i < 20'000; ++i) {
        const auto page = to_page(rng() % pages);
        const auto rank = static_cast<std::uint32_t>(rng() % 40);
        const auto choice = rng() % 8;
        if (choice == 0) {
          const auto expected = shown.empty() ? std::nullopt : std::optional{shown.begin()->second};
          ASSERT_EQ(order.take_first(), expected) << "at step " << i;
          if (!expected) continue;
          shown.erase(shown.begin());
          ranks.erase(*expected);
        } else if (!ranks.contains(page)) {
          choice == 1 ? order.insert_hidden(page, rank) : order.insert(page, rank);
          if (choice != 1) shown.emplace(rank, page);
          ranks[page] = rank;
        } else if (choice == 1) {
          order.erase(page);
          shown.erase({ranks[page], page});
          ranks.erase(page);
        } else if (choice < 5) {
          const bool was_shown = shown.erase({ranks[page], page}) == 1;
          ASSERT_EQ(order.is_hidden(page), !was_shown);
          was_shown ? order.hide(page) : order.show(page);
          if (!was_shown) shown.emplace(ranks[page], page);
        } else {
          order.change(page, rank);
          if (shown.erase({ranks[page], page}) == 1) shown.emplace(rank, page);
          ranks[page] = rank;
        }
        ASSERT_EQ(order.size(), ranks.size());
        ASSERT_EQ(order.first(),
                  shown.empty() ? std::nullopt : std::optional{shown.begin()->second});
      }
    });
  }
}

#ifndef NDEBUG
TEST(rank_order_death, a_page_is_hidden_once_at_most) {
  rank_order<int> order{1};
  order.insert(page_id{0}, 1);
  EXPECT_DEATH(order.show(page_id{0}), "is_hidden");
  order.hide(page_id{0});
  EXPECT_DEATH(order.hide(page_id{0}), "is_hidden");
}
#endif

}  // namespace
}  // namespace kvfolio::test
