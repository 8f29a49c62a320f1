// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/persistent.hpp>
#include <kvfolio/table/run_length.hpp>
#include <kvfolio/table/tracked.hpp>
#include <kvfolio/table/two_level.hpp>

#include "../conformance/page_table_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(tracked, page_table_conformance, table::tracked<table::flat>);

static_assert(contiguous_page_table<table::tracked<table::flat>>);
static_assert(!sparse_page_table<table::tracked<table::flat>>);
static_assert(sparse_page_table<table::tracked<table::two_level>>);
static_assert(extent_page_table<table::tracked<table::run_length>>);
static_assert(tracking_page_table<table::tracked<table::persistent>>);

using ranges = std::vector<std::pair<std::size_t, std::size_t>>;

template <class Table>
ranges changes(const Table& table, std::size_t row, table::moment then) {
  ranges found;
  table.for_each_change(
      row, then, [&](std::size_t first, std::size_t end) { found.emplace_back(first, end); });
  std::ranges::sort(found);
  return found;
}

class tracked_rows : public testing::Test {
 protected:
  tracked_rows() {
    for (std::size_t i = 0; i < 20; ++i) table_.push_back(0, to_page(i));
  }
  table::tracked<table::two_level> table_{2, 100};
  table::moment then_ = table_.now();
};

TEST_F(tracked_rows, an_append_is_no_change_of_what_was_there) {
  table_.push_back(0, page_id{7});
  table_.push_holes(0, 3);
  table_.fork(0, 1);
  EXPECT_EQ(table_.now(), then_);
  EXPECT_EQ(changes(table_, 0, then_), ranges{});
}

TEST_F(tracked_rows, a_change_is_known_to_be_where_it_was) {
  table_.replace(0, 4, page_id{9});
  table_.punch(0, 0, 2);
  EXPECT_EQ(changes(table_, 0, then_), (ranges{{0, 2}, {4, 5}}));
  const auto later = table_.now();
  EXPECT_EQ(changes(table_, 0, later), ranges{});
  table_.truncate(0, 18);
  table_.push_back(0, page_id{1});
  EXPECT_EQ(changes(table_, 0, later), (ranges{{18, 19}})) << "place 19 is not there any more";
  EXPECT_EQ(changes(table_, 1, table::moment{}), ranges{}) << "of another row";
}

TEST_F(tracked_rows, readers_differ_by_what_they_have_seen) {
  table_.replace(0, 4, page_id{9});
  const auto between = table_.now();
  table_.replace(0, 6, page_id{9});
  EXPECT_EQ(changes(table_, 0, then_), (ranges{{4, 5}, {6, 7}}));
  EXPECT_EQ(changes(table_, 0, between), (ranges{{6, 7}}));
}

TEST_F(tracked_rows, what_is_within_a_later_change_is_no_change_of_its_own) {
  for (const std::size_t index : {3U, 4U, 5U}) table_.replace(0, index, page_id{9});
  table_.assign(0, 2, std::vector<page_id>(5));
  EXPECT_EQ(changes(table_, 0, then_), (ranges{{2, 7}}));
}

TEST_F(tracked_rows, all_has_changed_for_a_reader_who_missed_more_than_four_changes) {
  for (const std::size_t index : {1U, 3U, 5U, 7U}) table_.replace(0, index, page_id{9});
  EXPECT_EQ(changes(table_, 0, then_).size(), 4U);
  const auto later = table_.now();
  table_.replace(0, 9, page_id{9});
  EXPECT_EQ(changes(table_, 0, then_), (ranges{{0, 20}}));
  EXPECT_EQ(changes(table_, 0, later), (ranges{{9, 10}}));
}

TEST_F(tracked_rows, a_row_that_was_emptied_has_changed_whoever_has_it_now) {
  table_.truncate(0, 0);
  table_.push_back(1, page_id{1});
  table_.fork(1, 0);
  EXPECT_EQ(changes(table_, 0, then_), (ranges{{0, 1}}));
}

// Who keeps copies of all rows, and writes only what has changed.
struct reader {
  naive_rows seen;
  table::moment then{};
  std::size_t whole_rows = 0;
  std::size_t parts = 0;

  template <class Table>
  void look(const Table& table) {
    for (std::size_t row = 0; row < seen.size(); ++row) {
      auto& mine = seen[row];
      auto kept = std::min(mine.size(), table.size(row));
      mine.resize(table.size(row));
      for (const auto& [first, end] : changes(table, row, then)) {
        ASSERT_LT(first, end);
        ASSERT_LE(end, mine.size());
        ++(end - first == mine.size() ? whole_rows : parts);
        for (auto place = first; place < end; ++place) mine[place] = table.at(row, place);
      }
      for (; kept < mine.size(); ++kept) mine[kept] = table.at(row, kept);
    }
    then = table.now();
  }
};

template <class Table>
class tracking : public testing::Test {};
using tables = testing::Types<table::flat, table::persistent, table::two_level, table::run_length>;
TYPED_TEST_SUITE(tracking, tables);

TYPED_TEST(tracking, readers_of_changes_alone_know_every_row_whenever_they_look) {
  static constexpr std::size_t rows = 5;
  static constexpr std::size_t length = 200;
  for_each_seed([](std::mt19937& rng) {
    table::tracked<TypeParam> table{rows, length};
    naive_rows naive(rows);
    std::vector<reader> readers(3, reader{naive_rows(rows)});
    for (int i = 0; i < 10'000; ++i) {
      storm_step(table, naive, length, rng);
      auto& who = readers[rng() % readers.size()];
      if (rng() % 3 == 0) continue;
      who.look(table);
      ASSERT_EQ(who.seen, naive) << "at step " << i;
    }
    for (const auto& who : readers) EXPECT_GT(who.parts, who.whole_rows);
  });
}

}  // namespace
}  // namespace kvfolio::test
