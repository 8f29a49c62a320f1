// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/group/any_rule.hpp>
#include <kvfolio/group_tables.hpp>
#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/persistent.hpp>
#include <kvfolio/table/two_level.hpp>

namespace kvfolio::test {
namespace {

using paged = group::paged_rule<group::any_rule>;
using groups = group::paged_groups<group::any_rule>;

// All tables behave alike, whether they keep the storage of holes or not.
template <class Table>
class windowed_tables : public testing::Test {
 protected:
  // Row 0: full attention with pages of 8 tokens; a window of 8 and 4 sinks with pages of 4.
  group_tables<Table, group::any_rule> tables_{
      groups{{paged{group::full{}, 8}, paged{group::sliding_window{8, 4}, 4}}, 8}, 2, 80};

  // Grows row 0 to `tokens` with the pages 0, 1, ... in the first group, 100, 101, ... in the
  // other.
  void grow(std::size_t tokens) {
    for (auto i = tables_[0].size(0); i < (tokens + 7) / 8; ++i)
      tables_[0].push_back(0, to_page(i));
    for (auto i = tables_[1].size(0); i < (tokens + 3) / 4; ++i) {
      tables_[1].push_back(0, to_page(100 + i));
    }
  }
  [[nodiscard]] std::vector<std::size_t> slide(std::size_t complete) {
    std::vector<std::size_t> dropped;
    tables_.slide(0, complete, [&](page_id page) { dropped.push_back(to_index(page)); });
    return dropped;
  }
  [[nodiscard]] std::vector<std::int32_t> ids(std::size_t row, std::size_t group) const {
    std::vector<std::int32_t> out(tables_[group].size(row));
    tables_[group].export_to(row, out);
    return out;
  }
};
using table_types = testing::Types<table::flat, table::persistent, table::two_level>;
TYPED_TEST_SUITE(windowed_tables, table_types);

TYPED_TEST(windowed_tables, pages_out_of_the_window_become_holes_highest_first_and_sinks_stay) {
  this->grow(40);
  EXPECT_EQ(this->slide(11), std::vector<std::size_t>{}) << "the first page is a sink";
  EXPECT_EQ(this->slide(24), (std::vector<std::size_t>{103, 102, 101})) << "17 is read, in page 4";
  EXPECT_EQ(this->slide(24), std::vector<std::size_t>{});
  EXPECT_EQ(this->ids(0, 1),
            (std::vector<std::int32_t>{100, -1, -1, -1, 104, 105, 106, 107, 108, 109}));
  EXPECT_EQ(this->ids(0, 0), (std::vector<std::int32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(this->tables_.kept(0, 1), 4U);
  EXPECT_EQ(this->tables_.pages(0, 40), 5U + 7U);
}

TYPED_TEST(windowed_tables, a_row_has_what_it_needs_as_long_as_no_hole_is_there) {
  this->grow(40);
  static_cast<void>(this->slide(24));
  EXPECT_TRUE(this->tables_.has(0, 40, 24));
  EXPECT_FALSE(this->tables_.has(0, 22, 22)) << "15 would be read, in a hole";
  EXPECT_TRUE(this->tables_.has(0, 4, 4)) << "nothing but the sinks";
}

TYPED_TEST(windowed_tables, a_row_is_filled_with_holes_where_nothing_is_needed) {
  this->tables_.fill(
      1, 24, [](std::size_t group, std::size_t index) { return to_page(1'000 * group + index); });
  EXPECT_EQ(this->ids(1, 0), (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_EQ(this->ids(1, 1), (std::vector<std::int32_t>{1000, -1, -1, -1, 1004, 1005}));
}

TYPED_TEST(windowed_tables, a_fork_shares_pages_and_no_holes) {
  this->grow(40);
  static_cast<void>(this->slide(24));
  std::size_t shared = 0;
  this->tables_.fork(0, 1, [&shared](page_id page) { shared += page == no_page ? 100 : 1; });
  EXPECT_EQ(shared, 5U + 7U);
  EXPECT_EQ(this->ids(1, 1), this->ids(0, 1));
  EXPECT_EQ(this->tables_.kept(1, 1), 4U);
}

TYPED_TEST(windowed_tables, a_truncation_says_where_each_page_ended_and_skips_holes) {
  this->grow(40);
  static_cast<void>(this->slide(24));
  std::vector<std::size_t> ends;
  EXPECT_EQ(this->tables_.truncate(0, 30, [&](page_id, std::size_t end) { ends.push_back(end); }),
            1U + 2U);
  EXPECT_EQ(ends, (std::vector<std::size_t>{40, 40, 36}));
  EXPECT_EQ(this->tables_.truncate(0, 0, [](page_id, std::size_t) {}), 4U + 5U);
  EXPECT_EQ(this->tables_.kept(0, 1), 0U);
}

}  // namespace
}  // namespace kvfolio::test
