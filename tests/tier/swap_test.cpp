// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/swap.hpp>

#include "../conformance/tier_policy_conformance.hpp"

namespace kvfolio::test {

INSTANTIATE_TYPED_TEST_SUITE_P(swap, tier_policy_conformance, default_made<tier::swap>);

TEST(swap, keeps_everything_or_nothing) {
  departure leaving{.tokens = 40, .tokens_per_page = 16, .page_bytes = 100, .free_bytes = 300};
  EXPECT_EQ(tier::swap{}.tokens_to_recompute(leaving), 0U);
  leaving.free_bytes = 299;
  EXPECT_EQ(tier::swap{}.tokens_to_recompute(leaving), 40U);
  static_assert(std::is_empty_v<tier::swap>);
}

}  // namespace kvfolio::test
