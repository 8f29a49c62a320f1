// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/eviction/page_access.hpp>

namespace kvfolio::test {
namespace {

TEST(page_access, says_nothing_about_time_sessions_and_retention_unless_told) {
  const page_access access{.key = content_key{7}};
  EXPECT_EQ(access.session, session_id{});
  EXPECT_EQ(access.now, 0U);
  EXPECT_EQ(access.hint.keep_until, 0U);
  EXPECT_EQ(access.recompute_cost, 1);
}

TEST(page_access, is_copied_like_the_numbers_it_is_made_of) {
  static_assert(std::is_trivially_copyable_v<page_access>);
  static_assert(sizeof(page_access) <= 80);
}

}  // namespace
}  // namespace kvfolio::test
