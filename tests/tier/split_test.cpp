// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/tier/split.hpp>

#include "../conformance/tier_policy_conformance.hpp"
#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

struct maker {
  static tier::split make() { return tier::split{costs_of("llama-3-8b")}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(split, tier_policy_conformance, maker);

TEST(split, computes_whole_pages_while_the_others_are_loaded) {
  EXPECT_EQ(maker::make().tokens_to_recompute(leaving_of("llama-3-8b", 8192, 16)), 448U);
}

TEST(split, computes_nothing_where_that_does_not_pay) {
  auto costs = costs_of("llama-3-8b");
  costs.computing.each_pass = tier::seconds{0.1};  // as long as to load it twice
  const tier::split tier{costs};
  EXPECT_EQ(tier.tokens_to_recompute(leaving_of("llama-3-8b", 8192, 16)), 0U);
  EXPECT_EQ(tier.tokens_to_recompute(leaving_of("llama-3-8b", 65'536, 16)) % 16, 0U);
  EXPECT_GT(tier.tokens_to_recompute(leaving_of("llama-3-8b", 65'536, 16)), 0U);
}

TEST(split, always_keeps_something_if_there_is_room_for_a_page) {
  const tier::split tier{costs_of("llama-3-8b", {312, 1e-6})};
  auto leaving = leaving_of("llama-3-8b", 8192, 16);
  EXPECT_EQ(tier.tokens_to_recompute(leaving), 8176U) << "all but a page, over so slow a link";
  leaving.free_bytes = leaving.page_bytes;
  EXPECT_EQ(tier.tokens_to_recompute(leaving), 8176U);
  leaving.free_bytes = leaving.page_bytes - 1;
  EXPECT_EQ(tier.tokens_to_recompute(leaving), 8192U);
}

TEST(split, refuses_costs_that_cannot_be) {
  EXPECT_THROW(tier::split{tier::cost_model{}}, std::invalid_argument);
  EXPECT_EQ(maker::make().costs().overlap, 1);
}

}  // namespace
}  // namespace kvfolio::test
