// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/page/page_run.hpp>

namespace kvfolio::test {
namespace {

TEST(page_run, ends_after_its_last_page) {
  EXPECT_EQ((page_run{page_id{3}, 4}.end()), page_id{7});
  EXPECT_EQ((page_run{page_id{3}, 0}.end()), page_id{3});
  EXPECT_EQ(page_run{}, (page_run{page_id{0}, 0}));
  EXPECT_NE((page_run{page_id{3}, 4}), (page_run{page_id{3}, 5}));
}

}  // namespace
}  // namespace kvfolio::test
