// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/core/recency_order.hpp>

namespace kvfolio::test {
namespace {

TEST(recency_order, a_page_that_never_moves_stays_the_oldest) {
  recency_order order{50};
  for (std::size_t page = 0; page < 50; ++page) order.push_back(to_page(page));
  for (int i = 0; i < 10'000; ++i) order.move_to_back(page_id{1});
  EXPECT_EQ(order.oldest(), page_id{0});
  order.hide(page_id{0});
  EXPECT_EQ(order.oldest(), page_id{2});
  order.show(page_id{0});
  EXPECT_EQ(order.oldest(), page_id{0});
}

TEST(recency_order, a_page_pushed_to_the_front_is_the_oldest) {
  recency_order order{3};
  order.push_front(page_id{0});
  order.push_back(page_id{1});
  order.push_front(page_id{2});
  EXPECT_EQ(order.oldest(), page_id{2});
  EXPECT_EQ(order.oldest_from(page_id{0}), page_id{0});
  order.erase(page_id{2});
  EXPECT_EQ(order.oldest(), page_id{0});
}

TEST(recency_order, has_room_for_ever_when_one_page_comes_and_goes_at_either_end) {
  for (const std::size_t pages : {2U, 3U, 64U, 65U}) {
    recency_order order{pages};
    for (std::size_t page = 1; page < pages; ++page) order.push_back(to_page(page));
    for (int i = 0; i < 20'000; ++i) {
      i % 3 == 0 ? order.push_back(page_id{0}) : order.push_front(page_id{0});
      ASSERT_EQ(order.oldest(), i % 3 == 0 ? page_id{1} : page_id{0}) << pages << " pages";
      order.erase(page_id{0});
      ASSERT_EQ(order.size(), pages - 1);
    }
  }
}

}  // namespace
}  // namespace kvfolio::test
