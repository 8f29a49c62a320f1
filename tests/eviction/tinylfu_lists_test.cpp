// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

#include <gtest/gtest.h>

#include <kvfolio/eviction/tinylfu_lists.hpp>

namespace kvfolio::test {
namespace {

using eviction::tinylfu_lists;

constexpr auto all_alike = [](page_id /*page*/) { return 1; };
constexpr auto the_later_the_more = [](page_id page) { return to_index(page); };

TEST(tinylfu_lists, of_equals_the_newcomer_leaves) {
  tinylfu_lists lists{4};
  for (std::size_t page = 0; page < 4; ++page) lists.insert(to_page(page));
  EXPECT_EQ(lists.evict(all_alike), page_id{3});
  EXPECT_EQ(lists.evict(all_alike), page_id{0}) << "the window is empty";
  EXPECT_EQ(lists.size(), 2U);
}

TEST(tinylfu_lists, a_newcomer_that_wins_leaves_the_window) {
  tinylfu_lists lists{4};
  for (std::size_t page = 0; page < 4; ++page) lists.insert(to_page(page));
  EXPECT_EQ(lists.evict(the_later_the_more), page_id{0});
  for (const std::size_t page : {1U, 2U, 3U}) EXPECT_EQ(lists.evict(all_alike), to_page(page));
  EXPECT_EQ(lists.evict(all_alike), std::nullopt);
}

TEST(tinylfu_lists, used_pages_are_protected_until_there_are_too_many) {
  tinylfu_lists lists{4};  // one page in the window, two protected
  for (std::size_t page = 0; page < 4; ++page) lists.insert(to_page(page));
  for (const std::size_t page : {0U, 1U, 2U}) lists.touch(to_page(page));
  EXPECT_EQ(lists.evict(the_later_the_more), page_id{0}) << "which page 2 pushed out";
  EXPECT_EQ(lists.evict(the_later_the_more), page_id{3}) << "which went on to probation";
}

TEST(tinylfu_lists, hidden_pages_move_but_do_not_leave) {
  tinylfu_lists lists{2};
  lists.insert(page_id{0});
  lists.hide(page_id{0});
  lists.insert(page_id{1});
  lists.touch(page_id{0});
  EXPECT_EQ(lists.evict(all_alike), page_id{1});
  EXPECT_EQ(lists.evict(all_alike), std::nullopt);
  lists.show(page_id{0});
  lists.erase(page_id{0});
  EXPECT_EQ(lists.size(), 0U);
}

}  // namespace
}  // namespace kvfolio::test
