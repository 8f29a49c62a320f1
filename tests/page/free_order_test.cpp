// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/page/free_order.hpp>

namespace kvfolio::test {
namespace {

TEST(free_order, says_at_once_to_which_end_a_page_goes) {
  EXPECT_EQ(page::append::end(page_history::draft), free_end::back);
  EXPECT_EQ(page::append::end(page_history::committed), free_end::back);
  EXPECT_EQ(page::split::end(page_history::draft), free_end::front);
  EXPECT_EQ(page::split::end(page_history::committed), free_end::back);
}

}  // namespace
}  // namespace kvfolio::test
