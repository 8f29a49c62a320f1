// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <stdexcept>

#include <kvfolio/table/two_level.hpp>

#include "../conformance/page_table_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(two_level, page_table_conformance, table::two_level);

TEST(two_level, a_window_costs_the_leaves_that_it_touches_however_far_it_has_gone) {
  table::two_level rows{1, 100'000};
  constexpr std::size_t sinks = 4;
  constexpr std::size_t window = 256;
  for (std::size_t place = 0; place < 100'000; ++place) {
    rows.push_back(0, to_page(place));
    if (place >= sinks + window) rows.punch(0, place - window, place - window + 1);
    ASSERT_LE(rows.leaves(), 1 + window / 64 + 1);
  }
  EXPECT_EQ(rows.next(0, sinks), 100'000 - window);
  EXPECT_EQ(rows.at(0, sinks - 1), to_page(sinks - 1));
  EXPECT_EQ(rows.at(0, sinks), no_page);
}

TEST(two_level, a_row_that_begins_with_holes_needs_no_leaves_for_them) {
  table::two_level rows{2, 70'000};
  rows.push_holes(0, 65'000);
  EXPECT_EQ(rows.leaves(), 0U);
  rows.push_back(0, page_id{3});
  rows.fork(0, 1);
  EXPECT_EQ(rows.leaves(), 1U) << "which both rows have";
  EXPECT_EQ(rows.next(1, 0), 65'000U);
}

TEST(two_level, a_fork_shares_the_leaves_and_a_write_copies_one) {
  table::two_level rows{2, 1'000};
  for (std::size_t i = 0; i < 1'000; ++i) rows.push_back(0, to_page(i));
  EXPECT_EQ(rows.leaves(), 16U);
  rows.fork(0, 1);
  EXPECT_EQ(rows.leaves(), 16U);
  rows.replace(1, 700, page_id{5});
  rows.replace(1, 701, page_id{6});
  EXPECT_EQ(rows.leaves(), 17U);
  EXPECT_EQ(rows.at(0, 700), page_id{700});
  rows.punch(0, 0, 128);
  EXPECT_EQ(rows.leaves(), 17U) << "the other row still has them";
  rows.punch(1, 0, 128);
  EXPECT_EQ(rows.leaves(), 15U);
}

TEST(two_level, no_leaf_is_left_when_every_row_is_empty) {
  for (const std::size_t length : {1U, 64U, 65U, 300U, 5'000U}) {
    for_each_seed([length](std::mt19937& rng) {
      table::two_level rows{10, length};
      naive_rows naive(10);
      for (int i = 0; i < 3'000; ++i) storm_step(rows, naive, length, rng);
      for (std::size_t row = 0; row < naive.size(); ++row) rows.truncate(row, 0);
      EXPECT_EQ(rows.leaves(), 0U) << "length " << length;
    });
  }
}

TEST(two_level, more_leaves_than_can_be_counted_are_refused) {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW((table::two_level{1U << 20U, 1U << 20U}), std::length_error);
  EXPECT_THROW((table::two_level{most, 1U << 20U}), std::length_error);
}

#ifndef NDEBUG
TEST(two_level_death, what_a_row_has_not_cannot_be_asked_for) {
  table::two_level rows{2, 1};
  EXPECT_DEATH(static_cast<void>(rows.size(2)), "row");
  EXPECT_DEATH(static_cast<void>(rows.at(0, 0)), "index");
  EXPECT_DEATH(rows.punch(0, 0, 1), "end");
  EXPECT_DEATH(static_cast<void>(rows.next(0, 1)), "index");
  rows.push_back(0, page_id{1});
  EXPECT_DEATH(rows.push_back(0, page_id{2}), "length_");
  EXPECT_DEATH(rows.truncate(0, 2), "size");
  EXPECT_DEATH(rows.fork(1, 0), "child");
  EXPECT_DEATH(rows.export_to(0, {}), "out");
}
#endif

}  // namespace
}  // namespace kvfolio::test
