// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/group/state.hpp>

#include "../conformance/group_rule_conformance.hpp"

namespace kvfolio::test {
namespace {

struct each_64 {
  static group::state make() { return group::state{64}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(state, group_rule_conformance, each_64);

TEST(state, only_the_last_one_is_read) {
  EXPECT_EQ(group::state{4}.first_needed(0), 0U);
  EXPECT_EQ(group::state{4}.first_needed(100), 99U);
  EXPECT_EQ(group::state{4}.reach(), 1U);
}

TEST(state, a_checkpoint_after_no_tokens_is_refused) {
  EXPECT_THROW(group::state{0}, std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
