// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/recompute.hpp>

#include "../conformance/tier_policy_conformance.hpp"

namespace kvfolio::test {

INSTANTIATE_TYPED_TEST_SUITE_P(recompute, tier_policy_conformance, default_made<tier::recompute>);

TEST(recompute, keeps_nothing_however_much_room_there_is) {
  const departure leaving{
      .tokens = 40, .tokens_per_page = 16, .page_bytes = 1, .free_bytes = UINT64_MAX};
  EXPECT_EQ(tier::recompute{}.tokens_to_recompute(leaving), 40U);
  static_assert(std::is_empty_v<tier::recompute>);
}

}  // namespace kvfolio::test
