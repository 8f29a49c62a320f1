// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <stdexcept>

#include <kvfolio/table/flat.hpp>

#include "../conformance/page_table_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(flat, page_table_conformance, table::flat);

TEST(flat, shows_a_row_as_kernels_read_it) {
  table::flat rows{2, 8};
  rows.push_back(1, page_id{4});
  rows.push_back(1, page_id{2});
  EXPECT_EQ(rows.view(1).size(), 2U);
  EXPECT_EQ(rows.view(1)[0], page_id{4});
  EXPECT_TRUE(rows.view(0).empty());
}

TEST(flat, more_pages_than_can_be_counted_are_refused) {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW((table::flat{2, most}), std::length_error);
}

#ifndef NDEBUG
TEST(flat_death, what_a_row_has_not_cannot_be_asked_for) {
  table::flat rows{2, 1};
  EXPECT_DEATH(static_cast<void>(rows.size(2)), "row");
  EXPECT_DEATH(static_cast<void>(rows.at(0, 0)), "index");
  rows.push_back(0, page_id{1});
  EXPECT_DEATH(rows.push_back(0, page_id{2}), "length_");
  EXPECT_DEATH(rows.truncate(0, 2), "size");
  EXPECT_DEATH(rows.fork(1, 0), "child");
  EXPECT_DEATH(rows.fork(0, 0), "child");
  EXPECT_DEATH(rows.export_to(0, {}), "out");
}
#endif

}  // namespace
}  // namespace kvfolio::test
