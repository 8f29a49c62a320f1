// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/group/full.hpp>

#include "../conformance/group_rule_conformance.hpp"

namespace kvfolio::test {
namespace {

struct everything {
  static group::full make() { return {}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(full, group_rule_conformance, everything);

TEST(full, needs_everything_and_has_no_sinks) {
  EXPECT_EQ(group::full{}.first_needed(1'000'000), 0U);
  EXPECT_EQ(group::full{}.sinks(), 0U);
  EXPECT_EQ(group::full{}.reach(), SIZE_MAX);
}

}  // namespace
}  // namespace kvfolio::test
