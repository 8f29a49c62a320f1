// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <limits>
#include <stdexcept>

#include <gmock/gmock.h>

#include <kvfolio/table/run_length.hpp>

#include "../conformance/page_table_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(run_length, page_table_conformance, table::run_length);

using table::extent;
using testing::ElementsAre;

class run_lengths : public testing::Test {
 protected:
  // Pages 100 to 107 at the places 0 to 7.
  run_lengths() {
    for (std::size_t i = 0; i < 8; ++i) rows_.push_back(0, to_page(100 + i));
  }
  table::run_length rows_{2, 20};
};

TEST_F(run_lengths, pages_in_a_row_are_one_extent) {
  EXPECT_THAT(rows_.extents(0), ElementsAre(extent{0, page_id{100}}));
  EXPECT_TRUE(rows_.extents(1).empty());
}

TEST_F(run_lengths, a_page_in_the_middle_cuts_an_extent_and_its_return_mends_it) {
  rows_.replace(0, 3, page_id{7});
  EXPECT_THAT(rows_.extents(0),
              ElementsAre(extent{0, page_id{100}}, extent{3, page_id{7}}, extent{4, page_id{104}}));
  rows_.replace(0, 3, page_id{103});
  EXPECT_THAT(rows_.extents(0), ElementsAre(extent{0, page_id{100}}));
}

TEST_F(run_lengths, holes_that_meet_are_one_extent) {
  rows_.punch(0, 0, 2);
  rows_.punch(0, 4, 6);
  EXPECT_EQ(rows_.extents(0).size(), 4U);
  rows_.punch(0, 2, 4);
  EXPECT_THAT(rows_.extents(0), ElementsAre(extent{0, no_page}, extent{6, page_id{106}}));
  rows_.push_holes(0, 3);
  EXPECT_THAT(rows_.extents(0),
              ElementsAre(extent{0, no_page}, extent{6, page_id{106}}, extent{8, no_page}));
}

TEST_F(run_lengths, a_row_that_is_moved_behind_another_goes_on_its_last_extent) {
  rows_.push_back(1, page_id{99});
  rows_.splice(0, 0, 1);
  EXPECT_THAT(rows_.extents(1), ElementsAre(extent{0, page_id{99}}));
  EXPECT_EQ(rows_.size(0), 0U);
  EXPECT_EQ(rows_.back(1), page_id{107});
}

TEST_F(run_lengths, many_places_change_at_once) {
  rows_.assign(0, 2, std::array{page_id{5}, page_id{6}, page_id{7}, page_id{105}});
  EXPECT_THAT(rows_.extents(0),
              ElementsAre(extent{0, page_id{100}}, extent{2, page_id{5}}, extent{5, page_id{105}}));
}

TEST(run_length, more_pages_than_can_be_counted_are_refused) {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW((table::run_length{2, most}), std::length_error);
  EXPECT_THROW((table::run_length{0, std::size_t{1} << 32U}), std::length_error);
}

#ifndef NDEBUG
TEST(run_length_death, what_a_row_has_not_cannot_be_asked_for) {
  table::run_length rows{2, 1};
  EXPECT_DEATH(static_cast<void>(rows.size(2)), "row");
  EXPECT_DEATH(static_cast<void>(rows.at(0, 0)), "index");
  EXPECT_DEATH(static_cast<void>(rows.back(0)), "size");
  EXPECT_DEATH(rows.punch(0, 0, 1), "end");
  rows.push_back(0, page_id{1});
  EXPECT_DEATH(rows.push_back(0, page_id{2}), "length_");
  EXPECT_DEATH(rows.truncate(0, 2), "size");
  EXPECT_DEATH(rows.fork(1, 0), "child");
  EXPECT_DEATH(rows.export_to(0, {}), "out");
  EXPECT_DEATH(rows.splice(0, 0, 0), "other");
}
#endif

}  // namespace
}  // namespace kvfolio::test
