// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/request_options.hpp>

namespace kvfolio::test {
namespace {

TEST(request_options, by_default_share_everything_and_advise_nothing) {
  constexpr request_options none;
  static_assert(none.scope == key_scope{} && none.media.empty());
  EXPECT_EQ(none.retention.priority, retention_hint{}.priority);
  EXPECT_EQ(none.retention.next_turn, continuation::unknown);
  EXPECT_EQ(none.session, session_id{});
}

}  // namespace
}  // namespace kvfolio::test
