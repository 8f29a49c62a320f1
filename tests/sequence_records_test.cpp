// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/sequence_records.hpp>

namespace kvfolio::test {
namespace {

TEST(sequence_records, the_lowest_row_is_taken_first_and_the_last_one_given_back_next) {
  sequence_records records{3};
  EXPECT_EQ(records.size(), 3U);
  EXPECT_TRUE(records.unused());
  EXPECT_EQ(records.take(), 0U);
  EXPECT_EQ(records.take(), 1U);
  EXPECT_FALSE(records.unused() || records.full());
  EXPECT_EQ(records.take(), 2U);
  EXPECT_TRUE(records.full());
  records.put(0);
  records.put(2);
  EXPECT_THAT(records.free(), testing::ElementsAre(0, 2));
  EXPECT_EQ(records.take(), 2U);
  EXPECT_EQ(records.take(), 0U);
}

TEST(sequence_records, a_record_is_as_it_was_left) {
  sequence_records records{2};
  const auto row = records.take();
  records[row].length = 7;
  records.put(row);
  EXPECT_EQ(records[records.take()].length, 7U);
}

TEST(sequence_records, policies_hear_of_the_request_and_of_the_time) {
  const sequence_record record{.request = 5,
                               .session = session_id{6},
                               .retention = {.priority = 70, .next_turn = continuation::over}};
  const auto access = record.access(9);
  EXPECT_EQ(access.request, 5U);
  EXPECT_EQ(access.session, session_id{6});
  EXPECT_EQ(access.hint.priority, 70);
  EXPECT_EQ(access.hint.next_turn, continuation::over);
  EXPECT_EQ(access.now, 9U);
}

#ifndef NDEBUG
TEST(sequence_records_death, there_are_no_rows_but_these) {
  sequence_records records{1};
  EXPECT_DEATH(static_cast<void>(records[1]), "row");
  EXPECT_DEATH(records.put(0), "size");
  static_cast<void>(records.take());
  EXPECT_DEATH(static_cast<void>(records.take()), "full");
}
#endif

}  // namespace
}  // namespace kvfolio::test
