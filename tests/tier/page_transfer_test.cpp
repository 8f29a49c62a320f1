// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/page_transfer.hpp>

namespace kvfolio::tier::test {
namespace {

TEST(page_transfer, is_a_page_and_a_key) {
  const page_transfer one{page_id{3}, {{1, 2}}};
  EXPECT_EQ(one, (page_transfer{page_id{3}, {{1, 2}}}));
  EXPECT_FALSE(one == (page_transfer{page_id{4}, {{1, 2}}}));
  EXPECT_FALSE(one == (page_transfer{page_id{3}, {{1, 3}}}));
}

}  // namespace
}  // namespace kvfolio::tier::test
