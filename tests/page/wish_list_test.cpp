// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/page/wish_list.hpp>

namespace kvfolio::test {
namespace {

TEST(wish_list, tells_each_wish_once_and_in_order) {
  page::wish_list wishes{3};
  wishes.add(page_id{7});
  wishes.add(std::nullopt);
  wishes.add(page_id{2});
  EXPECT_EQ(wishes.next(), page_id{7});
  EXPECT_EQ(wishes.next(), std::nullopt) << "any page will do";
  EXPECT_EQ(wishes.next(), page_id{2});
  EXPECT_EQ(wishes.next(), std::nullopt) << "no wish is left";
}

TEST(wish_list, forgets_what_it_is_told_to) {
  page::wish_list wishes{1};
  wishes.add(page_id{7});
  wishes.clear();
  EXPECT_EQ(wishes.next(), std::nullopt);
  wishes.add(page_id{5});
  EXPECT_EQ(wishes.next(), page_id{5});
}

#ifndef NDEBUG
TEST(wish_list_death, more_wishes_than_there_is_room_for_are_a_bug) {
  page::wish_list wishes{1};
  wishes.add(page_id{7});
  EXPECT_DEATH(wishes.add(page_id{8}), "capacity");
}
#endif

}  // namespace
}  // namespace kvfolio::test
