// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include <gtest/gtest.h>

#include <kvfolio/group/any_rule.hpp>

#include "../conformance/group_rule_conformance.hpp"

namespace kvfolio::test {
namespace {

struct any_window {
  static group::any_rule make() { return group::sliding_window{100, 3}; }
};
struct any_state {
  static group::any_rule make() { return group::state{32}; }
};
using rules = testing::Types<any_window, any_state>;
INSTANTIATE_TYPED_TEST_SUITE_P(any_rule, group_rule_conformance, rules);

template <class Rule>
void answers_as(const Rule& rule) {
  const group::any_rule any{rule};
  for (const std::size_t n : {0U, 1U, 31U, 32U, 1'000U}) {
    EXPECT_EQ(any.first_needed(n), rule.first_needed(n));
  }
  EXPECT_EQ(any.sinks(), rule.sinks());
  EXPECT_EQ(any.reach(), rule.reach());
  EXPECT_EQ(any.interval(), rule.interval());
}

TEST(any_rule, answers_as_the_rule_that_it_holds) {
  answers_as(group::full{});
  answers_as(group::sliding_window{16, 2});
  answers_as(group::chunked_local{32});
  answers_as(group::state{8});
}

TEST(any_rule, keeps_everything_if_nothing_is_said) {
  EXPECT_EQ(group::any_rule{}.reach(), group::full{}.reach());
}

}  // namespace
}  // namespace kvfolio::test
