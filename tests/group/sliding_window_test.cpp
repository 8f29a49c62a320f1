// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/group/sliding_window.hpp>

#include "../conformance/group_rule_conformance.hpp"

namespace kvfolio::test {
namespace {

struct of_1024 {
  static group::sliding_window make() { return group::sliding_window{1024, 4}; }
};
struct of_itself {
  static group::sliding_window make() { return group::sliding_window{1}; }
};
using windows = testing::Types<of_1024, of_itself>;
INSTANTIATE_TYPED_TEST_SUITE_P(sliding_window, group_rule_conformance, windows);

TEST(sliding_window, a_token_reads_itself_and_those_before_it_in_the_window) {
  constexpr group::sliding_window window{4};
  EXPECT_EQ(window.first_needed(3), 0U) << "the token at 3 reads 0, 1, 2";
  EXPECT_EQ(window.first_needed(4), 1U) << "the token at 4 reads 1, 2, 3";
  EXPECT_EQ(window.first_needed(10), 7U);
}

TEST(sliding_window, sinks_are_read_for_ever) {
  EXPECT_EQ((group::sliding_window{8, 4}.sinks()), 4U);
  EXPECT_EQ(group::sliding_window{8}.sinks(), 0U);
}

TEST(sliding_window, an_empty_window_is_refused) {
  EXPECT_THROW(group::sliding_window{0}, std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
