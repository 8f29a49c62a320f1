// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/limiting.hpp>

#include "../conformance/page_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using self = testing::Types<page::limiting<page::free_list<>>>;
INSTANTIATE_TYPED_TEST_SUITE_P(limiting_pages, page_allocator_conformance, self);

TEST(limiting_pages, the_last_page_can_be_had_and_the_next_cannot) {
  page::limiting<page::free_list<>> pages{{page_id{0}, page_id{10}}, page::quota{2}};
  EXPECT_EQ(pages.size(), 2U);
  const auto one = pages.allocate();
  const auto two = pages.allocate();
  EXPECT_TRUE(one && two);
  EXPECT_EQ(pages.size(), 0U);
  EXPECT_EQ(pages.allocate(), std::nullopt);
  pages.release(*one, page_history::draft);
  EXPECT_EQ(pages.size(), 1U);
  EXPECT_EQ(pages.allocate(), one);
}

TEST(limiting_pages, a_run_counts_as_its_pages) {
  page::limiting<page::first_fit> pages{{page_id{0}, page_id{100}}, page::quota{10}};
  EXPECT_EQ(pages.allocate_run(11), std::nullopt);
  const auto run = pages.allocate_run(8).value();
  EXPECT_EQ(pages.allocate_run(3), std::nullopt);
  EXPECT_TRUE(pages.allocate_run(2));
  pages.release_run(run, page_history::draft);
  EXPECT_EQ(pages.size(), 8U);
}

TEST(limiting_pages, a_limit_may_change_while_pages_are_out) {
  page::limiting<page::free_list<>> pages{{page_id{0}, page_id{10}}, page::quota{3}};
  const auto one = pages.allocate();
  const auto two = pages.allocate();
  pages.watch().set_limit(1);
  EXPECT_EQ(pages.watch().limit(), 1U);
  EXPECT_EQ(pages.size(), 0U);
  pages.release(*one, page_history::draft);
  EXPECT_EQ(pages.allocate(), std::nullopt) << "there is one too many still";
  pages.release(*two, page_history::draft);
  EXPECT_TRUE(pages.allocate());
  EXPECT_EQ(pages.allocate(), std::nullopt);
}

TEST(limiting_pages, an_empty_pool_is_empty_whatever_the_limit) {
  page::limiting<page::free_list<>> pages{{page_id{0}, page_id{1}}, page::quota{5}};
  EXPECT_EQ(pages.size(), 1U);
  EXPECT_TRUE(pages.allocate());
  EXPECT_EQ(pages.allocate(), std::nullopt);
}

}  // namespace
}  // namespace kvfolio::test
