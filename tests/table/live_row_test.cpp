// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/live_row.hpp>
#include <kvfolio/table/row_view.hpp>
#include <kvfolio/table/tracked.hpp>

namespace kvfolio::test {
namespace {

using testing::ElementsAre;
using table_type = table::tracked<table::flat>;

static_assert(table::followable<table::row_view<table_type>>);
static_assert(!table::followable<table::row_view<table::flat>>, "which remembers no changes");

TEST(live_row, writes_what_its_place_has_not_seen) {
  table_type rows{2, 4};
  for (const auto page : {3U, 4U}) rows.push_back(0, page_id{page});
  const auto view = [&rows](std::size_t row) {
    return table::row_view{rows, row, 1, rows.size(row), 0};
  };
  std::vector<std::int32_t> buffer(4, -7);
  table::live_row place;
  EXPECT_EQ(place.renew(view(0), buffer, 0, table::hole_id), 2U);
  rows.push_back(0, page_id{5});
  EXPECT_EQ(place.renew(view(0), buffer, 0, table::hole_id), 1U);
  EXPECT_THAT(buffer, ElementsAre(3, 4, 5, -7));
  EXPECT_EQ(place.renew(view(0), buffer, 1, table::hole_id), 3U) << "at another place";
  EXPECT_EQ(place.renew(view(1), buffer, 1, table::hole_id), 0U);
  rows.push_back(1, page_id{9});
  EXPECT_EQ(place.renew(view(1), buffer, 1, table::hole_id), 1U);
  EXPECT_THAT(buffer, ElementsAre(3, 9, 4, 5));
}

}  // namespace
}  // namespace kvfolio::test
