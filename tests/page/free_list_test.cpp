// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <kvfolio/page/free_list.hpp>

#include "../conformance/page_allocator_conformance.hpp"
#include "../conformance/resizable_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using free_lists = testing::Types<page::free_list<page::append>, page::free_list<page::split>>;
INSTANTIATE_TYPED_TEST_SUITE_P(free_list, page_allocator_conformance, free_lists);
INSTANTIATE_TYPED_TEST_SUITE_P(free_list, resizable_allocator_conformance, free_lists);

template <class Order>
std::vector<page_id> order_after_releases() {
  page::free_list<Order> pages{page_id{0}, page_id{5}};
  for (int i = 0; i < 4; ++i) static_cast<void>(pages.allocate());
  pages.release(page_id{0}, page_history::committed);
  pages.release(page_id{1}, page_history::draft);
  pages.release(page_id{2}, page_history::draft);
  pages.release(page_id{3}, page_history::committed);
  return free_pages(pages);
}

std::vector<page_id> ids(std::initializer_list<std::uint32_t> numbers) {
  std::vector<page_id> pages;
  for (const auto number : numbers) pages.push_back(page_id{number});
  return pages;
}

TEST(free_list, hands_new_pages_out_in_ascending_order) {
  const page::free_list<> pages{page_id{3}, page_id{7}};
  EXPECT_EQ(free_pages(pages), ids({3, 4, 5, 6}));
}

TEST(free_list, append_reuses_pages_in_the_order_in_which_they_came_back) {
  EXPECT_EQ(order_after_releases<page::append>(), ids({4, 0, 1, 2, 3}));
}

TEST(free_list, split_reuses_the_latest_draft_first_and_committed_pages_last) {
  EXPECT_EQ(order_after_releases<page::split>(), ids({2, 1, 4, 0, 3}));
}

TEST(free_list, is_walked_in_the_order_in_which_it_hands_out) {
  page::free_list<> pages{page_id{0}, page_id{9}};
  static_cast<void>(pages.allocate());
  static_cast<void>(pages.allocate());
  pages.release(page_id{1}, page_history::committed);
  pages.release(page_id{0}, page_history::draft);
  for (const auto expected : free_pages(pages)) EXPECT_EQ(pages.allocate(), expected);
  EXPECT_EQ(pages.allocate(), std::nullopt);
}

TEST(free_list, keeps_its_order_when_it_grows_and_when_it_shrinks) {
  page::free_list<> pages{page_id{0}, page_id{4}};
  static_cast<void>(pages.allocate());
  static_cast<void>(pages.allocate());
  pages.release(page_id{0}, page_history::committed);
  pages.release(page_id{1}, page_history::draft);
  ASSERT_TRUE(pages.resize(page_id{6}));
  EXPECT_EQ(free_pages(pages), ids({1, 2, 3, 0, 4, 5}));
  ASSERT_TRUE(pages.resize(page_id{3}));
  EXPECT_EQ(free_pages(pages), ids({1, 2, 0}));
}

#ifndef NDEBUG
TEST(free_list, scenario_08_giving_back_a_page_that_is_not_its_own_dies) {
  page::free_list<> pages{page_id{1}, page_id{4}};
  static_cast<void>(pages.allocate());
  EXPECT_DEATH(pages.release(page_id{0}, page_history::draft), "first_ <= page");
  EXPECT_DEATH(pages.release(page_id{4}, page_history::draft), "page < last_");
  pages.release(page_id{1}, page_history::draft);
  EXPECT_DEATH(pages.release(page_id{1}, page_history::draft), "size") << "all pages are free";
}
#endif

}  // namespace
}  // namespace kvfolio::test
