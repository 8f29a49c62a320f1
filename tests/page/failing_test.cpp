// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/batch.hpp>
#include <kvfolio/page/buddy.hpp>
#include <kvfolio/page/failing.hpp>
#include <kvfolio/page/free_list.hpp>

#include "../conformance/page_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using self = testing::Types<page::failing<page::free_list<>>>;
INSTANTIATE_TYPED_TEST_SUITE_P(failing, page_allocator_conformance, self);

TEST(failing, fails_after_as_many_pages_as_it_was_told_until_it_is_told_to_stop) {
  page::failing<page::buddy> pages{page_id{0}, page_id{16}};
  pages.watch().fail_after(3);
  EXPECT_EQ(pages.size(), 3U);
  EXPECT_FALSE(pages.allocate_run(4));
  EXPECT_TRUE(pages.allocate_run(2));
  const auto third = pages.allocate().value();
  EXPECT_FALSE(pages.allocate());
  pages.release(third, page_history::draft);
  EXPECT_FALSE(pages.allocate()) << "whatever comes back";
  EXPECT_EQ(pages.size(), 0U);
  pages.watch().end();
  EXPECT_EQ(pages.size(), 14U);
  EXPECT_TRUE(pages.allocate_run(4));
}

TEST(failing, a_batch_that_fails_at_any_page_changes_nothing) {
  for (std::uint32_t succeed = 0; succeed < 6; ++succeed) {
    page::failing<page::free_list<>> pages{page_id{0}, page_id{10}};
    const auto before = free_pages(pages);
    pages.watch().fail_after(succeed);
    std::vector<page_id> batch(6);
    EXPECT_EQ(page::allocate_batch(pages, batch).error(), errc::out_of_pages);
    EXPECT_EQ(free_pages(pages), before);
    pages.watch().end();
    EXPECT_TRUE(page::allocate_batch(pages, batch));
  }
}

}  // namespace
}  // namespace kvfolio::test
