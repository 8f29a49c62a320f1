// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/eviction/turn_kind.hpp>

namespace kvfolio::eviction {
namespace {

// The page at `depth` of a request of `length` pages of 16 tokens, the first `seen` seen before.
page_access at(std::uint32_t depth, std::uint32_t length, std::uint32_t seen,
               std::uint32_t tokens = 16) {
  return {.depth = depth, .tokens = tokens, .request_pages = length, .seen_pages = seen};
}

std::size_t kind(const page_access& access, std::uint32_t uses = 1) {
  return turn_kind(access, uses, 16);
}

TEST(turn_kind, only_a_new_last_page_that_is_not_full_is_a_tail) {
  EXPECT_EQ(kind(at(4, 5, 2, 7)), 0U);
  EXPECT_NE(kind(at(4, 5, 2, 16)), 0U) << "full";
  EXPECT_NE(kind(at(4, 5, 5, 7)), 0U) << "seen";
  EXPECT_NE(kind(at(3, 5, 2, 7)), 0U) << "not the last";
}

TEST(turn_kind, first_turns_differ_by_their_length) {
  EXPECT_EQ(kind(at(0, 3, 0)), kind(at(1, 2, 1)));
  EXPECT_NE(kind(at(0, 3, 0)), kind(at(0, 4, 0)));
  EXPECT_NE(kind(at(0, 15, 0)), kind(at(0, 16, 0)));
  EXPECT_NE(kind(at(0, 63, 0)), kind(at(0, 64, 0)));
  EXPECT_EQ(kind(at(0, 64, 0)), kind(at(0, 5'000, 0)));
  EXPECT_EQ(kind(at(0, 64, 1)), 1U) << "the beginning, seen before";
}

TEST(turn_kind, later_turns_differ_by_what_they_add) {
  std::set<std::size_t> kinds;
  for (const std::uint32_t added : {1U, 2U, 4U, 8U, 16U, 32U}) {
    kinds.insert(kind(at(10, 10 + added, 10)));
    EXPECT_EQ(kind(at(10, 10 + added, 10)), kind(at(10, 9 + 2 * added, 10)));
  }
  EXPECT_EQ(kinds.size(), 6U);
  EXPECT_EQ(kind(at(9, 10, 10), 2), kind(at(9, 11, 10), 2)) << "nothing is as one page";
}

TEST(turn_kind, seen_pages_of_later_turns_differ_by_their_turns) {
  const auto page = at(2, 10, 9);
  EXPECT_EQ(kind(page, 1), kind(page, 2)) << "the first may have been long ago";
  EXPECT_NE(kind(page, 2), kind(page, 3));
  EXPECT_NE(kind(page, 3), kind(page, 4));
  EXPECT_EQ(kind(page, 4), kind(page, 400));
  EXPECT_NE(kind(page, 2), kind(at(9, 10, 9), 2)) << "new";
}

TEST(turn_kind, of_requests_of_unknown_length_uses_are_what_is_known) {
  EXPECT_NE(kind(page_access{}, 1), kind(page_access{}, 2));
  EXPECT_EQ(kind(page_access{}, 4), kind(page_access{}, 9));
}

TEST(turn_kind, a_hint_makes_another_kind_of_every_kind) {
  std::set<std::size_t> kinds;
  for (const auto next : {continuation::unknown, continuation::expected, continuation::over}) {
    for (std::uint32_t length = 1; length < 100; ++length) {
      for (std::uint32_t seen = 0; seen <= length; ++seen) {
        for (const std::uint32_t depth : {0U, seen, length - 1}) {
          for (const std::uint32_t tokens : {1U, 16U}) {
            auto access = at(depth, length, seen, tokens);
            access.hint.next_turn = next;
            for (const std::uint32_t uses : {1U, 2U, 3U, 4U}) kinds.insert(kind(access, uses));
          }
        }
      }
    }
  }
  EXPECT_EQ(kinds.size(), turn_kinds);
  EXPECT_EQ(*kinds.rbegin(), turn_kinds - 1);
}

}  // namespace
}  // namespace kvfolio::eviction
