// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/hybrid_cache.hpp>

#include "support/hybrid_fixture.hpp"

namespace kvfolio::test {
namespace {

using cache_type = hybrid_cache<>;
using sequence_type = cache_type::sequence;
static_assert(std::is_nothrow_move_constructible_v<sequence_type> &&
              std::is_nothrow_move_assignable_v<sequence_type> &&
              !std::is_copy_constructible_v<sequence_type> && sizeof(sequence_type) == 16);

class hybrid_sequence_test : public testing::Test {
 protected:
  cache_type cache_{
      {.groups = {{small_layers(1), group::sliding_window{8}}, {small_layers(1), group::full{}}},
       .tokens_per_page = 4,
       .pages = 40,
       .max_sequences = 4}};
};

TEST_F(hybrid_sequence_test, gives_its_pages_up_when_it_goes) {
  {
    auto chat = cache_.create().value();
    chat.append(9).value();
    EXPECT_EQ(cache_.statistics().used_pages, 6U);
  }
  EXPECT_EQ(cache_.statistics().free_pages, 40U) << "drafts cannot be found";
}

TEST_F(hybrid_sequence_test, moves_and_leaves_an_empty_handle) {
  auto one = cache_.create().value();
  one.append(3).value();
  auto other = std::move(one);
  EXPECT_FALSE(one);  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(other.length(), 3U);
  one = std::move(other);
  EXPECT_EQ(one.length(), 3U);
  one = cache_.create().value();
  EXPECT_EQ(cache_.statistics().sequences, 1U) << "what it had is released";
  one.release();
  one.release();
  EXPECT_EQ(cache_.statistics().sequences, 0U);
}

TEST_F(hybrid_sequence_test, its_tables_are_spans_and_its_runs_lie_in_the_pages) {
  auto chat = fed(cache_, counted(16));
  chat.append(4).value();
  EXPECT_EQ(chat.page_table(0).size(), 5U);
  EXPECT_EQ(chat.page_table(0)[0], no_page);
  std::vector<token_run> runs;
  for (const token_run run : chat.runs(0, 14, 6)) runs.push_back(run);
  EXPECT_EQ(runs, (std::vector<token_run>{{chat.page_at(0, 3), 2, 2}, {chat.page_at(0, 4), 0, 4}}));
}

TEST_F(hybrid_sequence_test, a_fork_shares_every_page_and_writes_to_its_own) {
  auto one = fed(cache_, counted(14));
  for (auto& byte : cache_.bytes(one.page_at(0, 3))) byte = std::byte{5};
  auto other = one.fork().value();
  EXPECT_EQ(cache_.statistics().used_pages, 3U + 4U);
  EXPECT_EQ(cache_.statistics().table_pages, 2 * (3U + 4U));
  EXPECT_EQ(other.committed(), 14U);
  other.append(1).value();
  EXPECT_EQ(cache_.statistics().used_pages, 3U + 4U + 2U);
  EXPECT_EQ(other.page_at(0, 2), one.page_at(0, 2));
  EXPECT_NE(other.page_at(0, 3), one.page_at(0, 3));
  EXPECT_EQ(cache_.bytes(other.page_at(0, 3))[0], std::byte{5});
  EXPECT_STREQ(cache_.check_invariants(), nullptr);
}

TEST_F(hybrid_sequence_test, a_truncation_reports_what_it_dropped_and_is_refused_behind_a_window) {
  auto chat = fed(cache_, counted(30));
  chat.append(10).value();
  EXPECT_EQ(chat.truncate(33).value(), (truncation{7, 0, 1 + 1}));
  EXPECT_EQ(chat.truncate(27).value(), (truncation{6, 3, 2 + 2}));
  expect_failure(cache_, errc::out_of_range, [&] { return chat.truncate(26); });
  EXPECT_EQ(chat.truncate(0).value().tokens, 27U);
  EXPECT_STREQ(cache_.check_invariants(), nullptr);
}

TEST_F(hybrid_sequence_test, what_was_cut_off_is_found_again) {
  const auto tokens = counted(12);
  auto chat = fed(cache_, tokens);
  static_cast<void>(chat.truncate(0).value());
  EXPECT_EQ(cache_.create(tokens).value().length(), 8U);
  feed(chat, tokens);
  EXPECT_EQ(cache_.statistics().used_pages, 2U + 3U) << "the window needs two";
}

#ifndef NDEBUG
TEST_F(hybrid_sequence_test, misuse_is_a_contract_violation) {
  auto chat = cache_.create().value();
  EXPECT_DEATH(chat.commit(counted(1)), "tokens.size");
  EXPECT_DEATH(static_cast<void>(chat.truncate(1)), "length");
  EXPECT_DEATH(static_cast<void>(chat.runs(0, 0, 1)), "length");
  EXPECT_DEATH(static_cast<void>(sequence_type{}.length()), "cache_");
}
#endif

}  // namespace
}  // namespace kvfolio::test
