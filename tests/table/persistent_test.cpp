// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <stdexcept>

#include <kvfolio/table/persistent.hpp>

#include "../conformance/page_table_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(persistent, page_table_conformance, table::persistent);

void fill(table::persistent& rows, std::size_t row, std::size_t pages) {
  for (std::size_t i = 0; i < pages; ++i) rows.push_back(row, to_page(i));
}

TEST(persistent, a_fork_takes_no_nodes_however_long_the_row_is) {
  table::persistent rows{65, 5'000};
  fill(rows, 0, 5'000);
  const auto before = rows.nodes();
  rows.fork(0, 1);
  const auto first = rows.nodes() - before;
  EXPECT_LE(first, 1U) << "at most a last leaf of its own";
  for (std::size_t child = 2; child < 65; ++child) rows.fork(0, child);
  EXPECT_LE(rows.nodes() - before, 64U);
}

TEST(persistent, a_write_copies_one_path) {
  table::persistent rows{2, 5'000};
  fill(rows, 0, 5'000);
  rows.fork(0, 1);
  const auto before = rows.nodes();
  rows.replace(1, 17, page_id{9});
  EXPECT_LE(rows.nodes() - before, 4U) << "16^4 pages are four levels";
  EXPECT_EQ(rows.at(0, 17), page_id{17});
  const auto own = rows.nodes();
  rows.replace(1, 18, page_id{9});
  EXPECT_EQ(rows.nodes(), own) << "the path is its own already";
}

TEST(persistent, no_node_is_left_when_every_row_is_empty) {
  for (const std::size_t length : {1U, 16U, 17U, 300U, 5'000U}) {
    for_each_seed([length](std::mt19937& rng) {
      table::persistent rows{10, length};
      naive_rows naive(10);
      for (int i = 0; i < 3'000; ++i) storm_step(rows, naive, length, rng);
      for (std::size_t row = 0; row < naive.size(); ++row) rows.truncate(row, 0);
      EXPECT_EQ(rows.nodes(), 0U) << "length " << length;
    });
  }
}

TEST(persistent, scenario_51_wide_and_long_beams_come_and_go_without_recursion) {
  table::persistent rows{300, 8'300};
  fill(rows, 0, 8'000);
  for (std::size_t child = 1; child < 300; ++child) {
    rows.fork(child - 1, child);
    rows.push_back(child, to_page(child));
    rows.replace(child, child, to_page(child));
  }
  for (std::size_t row = 0; row < 299; ++row) rows.truncate(row, 0);
  EXPECT_EQ(rows.size(299), 8'299U);
  EXPECT_EQ(rows.at(299, 298), page_id{298});
  rows.truncate(299, 0);
  EXPECT_EQ(rows.nodes(), 0U);
}

TEST(persistent, more_nodes_than_can_be_counted_are_refused) {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW((table::persistent{1U << 20U, 1U << 20U}), std::length_error);
  EXPECT_THROW((table::persistent{most, 1U << 20U}), std::length_error);
}

#ifndef NDEBUG
TEST(persistent_death, what_a_row_has_not_cannot_be_asked_for) {
  table::persistent rows{2, 1};
  EXPECT_DEATH(static_cast<void>(rows.size(2)), "row");
  EXPECT_DEATH(static_cast<void>(rows.at(0, 0)), "index");
  rows.push_back(0, page_id{1});
  EXPECT_DEATH(rows.push_back(0, page_id{2}), "length_");
  EXPECT_DEATH(rows.truncate(0, 2), "size");
  EXPECT_DEATH(rows.fork(1, 0), "child");
  EXPECT_DEATH(rows.export_to(0, {}), "out");
}
#endif

}  // namespace
}  // namespace kvfolio::test
