// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/table/export.hpp>
#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/row_view.hpp>
#include <kvfolio/table/two_level.hpp>

namespace kvfolio::test {
namespace {

using testing::ElementsAre;

static_assert(table::exportable<table::row_view<table::flat>>);

// Two rows of 4 tokens a page: a window of two pages after a sink and two holes, and a short row.
class row_views : public testing::Test {
 protected:
  [[nodiscard]] static table::two_level made() {
    table::two_level rows{2, 10};
    for (const auto page : {5U, 6U, 7U, 8U, 9U}) rows.push_back(0, page_id{page});
    rows.punch(0, 1, 3);
    rows.push_back(1, page_id{3});
    return rows;
  }
  table::two_level rows_ = made();
  std::array<table::row_view<table::two_level>, 2> batch_{
      {{rows_, 0, 4, 18, 17}, {rows_, 1, 4, 3, 1}}};
};

TEST_F(row_views, are_exported_as_sequences_are) {
  const auto extent = table::measure(batch_);
  EXPECT_EQ(extent.pages, 6U) << "holes have a place too";
  std::vector<std::int32_t> slots(4);
  EXPECT_EQ(table::export_slots(batch_, std::span{slots}, 4).value(), 3U);
  EXPECT_THAT(slots, ElementsAre(9 * 4 + 1, 3 * 4 + 1, 3 * 4 + 2, -1));
}

TEST_F(row_views, show_holes_as_minus_1_or_as_one_likes) {
  std::vector<std::int32_t> padded(12, -7);
  table::export_padded(batch_, padded, {.width = 6, .id = 0}).value();
  EXPECT_THAT(padded, ElementsAre(5, -1, -1, 8, 9, 0, 3, 0, 0, 0, 0, 0));
  table::export_padded(batch_, padded, {.width = 6, .id = -1, .hole = 0}).value();
  EXPECT_THAT(padded, ElementsAre(5, 0, 0, 8, 9, -1, 3, -1, -1, -1, -1, -1));
  std::vector<std::int32_t> indptr(3);
  std::vector<std::int32_t> indices(6);
  std::vector<std::int32_t> last(2);
  table::export_csr(batch_, {indptr, indices, last}, 4, 0).value();
  EXPECT_THAT(indices, ElementsAre(5, 0, 0, 8, 9, 3));
  EXPECT_THAT(last, ElementsAre(2, 3));
  table::export_csr(batch_, {indptr, indices, last}, 4).value();
  EXPECT_THAT(indices, ElementsAre(5, -1, -1, 8, 9, 3));
}

TEST_F(row_views, say_where_tokens_lie) {
  std::vector<token_run> runs;
  for (const auto run : batch_[0].runs(12, 6)) runs.push_back(run);
  EXPECT_THAT(runs, ElementsAre(token_run{page_id{8}, 0, 4}, token_run{page_id{9}, 0, 2}));
}

#ifndef NDEBUG
using row_views_death = row_views;
TEST_F(row_views_death, of_more_tokens_than_there_is_room_for_are_refused) {
  EXPECT_DEATH((table::row_view{rows_, 1, 4, 5, 0}), "length");
  EXPECT_DEATH((table::row_view{rows_, 1, 4, 3, 4}), "committed");
  EXPECT_DEATH(static_cast<void>(batch_[0].runs(12, 7)), "length_");
}
#endif

}  // namespace
}  // namespace kvfolio::test
