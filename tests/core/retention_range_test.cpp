// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/core/retention_range.hpp>

namespace kvfolio::test {
namespace {

using testing::ElementsAre;

// Priorities of the pages of `tokens` tokens; 0 where no range says one.
std::vector<int> by_page(const std::vector<retention_range>& ranges, std::size_t page,
                         std::size_t tokens) {
  std::vector<int> found;
  for (std::size_t at = 0; at < tokens; at += page) {
    found.push_back(hint_at(ranges, at, 0, {.priority = 0}).priority);
  }
  return found;
}

TEST(retention_range, a_page_goes_with_its_first_token_as_with_tensorrt_llm) {
  // The cases of its own tests.
  EXPECT_THAT(by_page({{0, 64, 80}, {64, 128, 50}}, 64, 256), ElementsAre(80, 50, 0, 0));
  EXPECT_THAT(by_page({{0, 63, 80}, {63, 127, 30}}, 32, 127), ElementsAre(80, 80, 30, 30));
  EXPECT_THAT(by_page({{0, 1, 80}, {1, 2, 5}}, 32, 128), ElementsAre(80, 0, 0, 0));
  EXPECT_THAT(by_page({{40, SIZE_MAX, 10}}, 32, 128), ElementsAre(0, 0, 10, 10)) << "to the end";
}

TEST(retention_range, of_several_that_have_the_token_the_first_counts) {
  EXPECT_THAT(by_page({{4, 8, 90}, {0, 12, 20}}, 4, 16), ElementsAre(20, 90, 20, 0));
}

TEST(retention_range, durations_begin_with_the_use) {
  const std::array timed{retention_range{.end_token = 4, .priority = 90, .duration = 50}};
  const retention_hint usual{.keep_until = 7, .next_turn = continuation::expected};
  const auto hint = hint_at(timed, 0, 1'000, usual);
  EXPECT_EQ(hint.priority, 90);
  EXPECT_EQ(hint.keep_until, 1'050U);
  EXPECT_EQ(hint.next_turn, continuation::expected);
  EXPECT_EQ(hint_at(timed, 4, 1'000, usual).keep_until, 7U) << "no range";
  EXPECT_EQ(hint_at(timed, 0, UINT64_MAX - 5, usual).keep_until, UINT64_MAX) << "never wraps";
  const std::array lasting{retention_range{.priority = 90}};
  EXPECT_EQ(hint_at(lasting, 0, 1'000, usual).keep_until, 0U);
}

}  // namespace
}  // namespace kvfolio::test
