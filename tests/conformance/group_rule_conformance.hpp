// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/group/concept.hpp>

namespace kvfolio::test {

/// What every `group_rule` promises. Instantiate once per rule, with a `Maker` whose `make()`
/// returns one.
template <class Maker>
class group_rule_conformance : public testing::Test {
 protected:
  static constexpr std::size_t many = 3'000;
};

TYPED_TEST_SUITE_P(group_rule_conformance);

TYPED_TEST_P(group_rule_conformance, needs_nothing_that_is_not_there_yet) {
  const auto rule = TypeParam::make();
  for (std::size_t n = 0; n < this->many; ++n) ASSERT_LE(rule.first_needed(n), n);
}

TYPED_TEST_P(group_rule_conformance, what_is_needed_no_more_is_never_needed_again) {
  const auto rule = TypeParam::make();
  for (std::size_t n = 1; n < this->many; ++n) {
    ASSERT_GE(rule.first_needed(n), rule.first_needed(n - 1)) << "after " << n;
  }
}

TYPED_TEST_P(group_rule_conformance, its_reach_is_the_most_that_is_ever_needed) {
  const auto rule = TypeParam::make();
  std::size_t most = 0;
  for (std::size_t n = 0; n < this->many; ++n) most = std::max(most, n - rule.first_needed(n));
  if (rule.reach() == SIZE_MAX) {
    EXPECT_EQ(most, this->many - 1) << "everything, for ever";
  } else {
    EXPECT_EQ(most, rule.reach());
  }
}

TYPED_TEST_P(group_rule_conformance, a_state_is_read_where_the_last_token_left_it) {
  const auto rule = TypeParam::make();
  const auto end = rule.interval() == 0 ? 0 : this->many;  // others have no states
  for (std::size_t n = 1; n < end; ++n) ASSERT_EQ(rule.first_needed(n), n - 1);
}

REGISTER_TYPED_TEST_SUITE_P(group_rule_conformance, needs_nothing_that_is_not_there_yet,
                            what_is_needed_no_more_is_never_needed_again,
                            its_reach_is_the_most_that_is_ever_needed,
                            a_state_is_read_where_the_last_token_left_it);

}  // namespace kvfolio::test
