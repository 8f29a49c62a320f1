// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/group/any_rule.hpp>
#include <kvfolio/hybrid_rows.hpp>

#include "support/hybrid_fixture.hpp"

namespace kvfolio::test {
namespace {

using paged = group::paged_rule<group::any_rule>;
using rows_type = hybrid_rows<default_policies, group::any_rule>;

// Full attention with pages of 8 tokens, and a window of 8 with pages of 4, of 32 bytes each.
class hybrid_rows_test : public testing::Test {
 protected:
  static constexpr std::size_t page_bytes = 64;
  [[nodiscard]] static group::paged_groups<group::any_rule> groups() {
    return {{paged{group::full{}, 8}, paged{group::sliding_window{8}, 4}}, 8};
  }
  [[nodiscard]] std::vector<model::page_array> arrays() {
    return {model::page_array{memory_, model::page_layout{small_layers(1), 8}, page_bytes},
            model::page_array{memory_, model::page_layout{small_layers(2), 4}, page_bytes}};
  }
  // Row `row` computes the tokens 1, 2, ... up to `end`.
  void compute(std::size_t row, std::size_t length, std::size_t end) {
    rows_.grow(row, length, end - length, {});
    const auto tokens = counted(end - length, static_cast<token_id>(length + 1));
    rows_.note(row, length, tokens, {}, SIZE_MAX, {});
  }

  std::vector<std::byte> memory_ = std::vector<std::byte>(24 * page_bytes);
  rows_type rows_{
      {groups(), {page::free_list<>{page_id{0}, page_id{24}}, 24, null_observer{}}, 24, 3, 1},
      {groups(), 3, 80},
      arrays(),
      3};
};

TEST_F(hybrid_rows_test, needs_are_counted_over_all_groups) {
  rows_.begin(0, {}, {});
  EXPECT_EQ(rows_.needs(0, 0, 0), 0U);
  EXPECT_EQ(rows_.needs(0, 0, 1), 2U);
  EXPECT_EQ(rows_.needs(0, 0, 9), 2U + 3U);
  compute(0, 0, 9);
  EXPECT_EQ(rows_.needs(0, 9, 3), 0U);
  EXPECT_EQ(rows_.needs(0, 9, 4), 1U);
  rows_.clear(0, 9, {});
}

TEST_F(hybrid_rows_test, a_row_ends_in_its_last_whole_unit_and_holds_it_while_its_window_is_there) {
  rows_.begin(0, {}, {});
  compute(0, 0, 16);
  EXPECT_EQ(rows_.tree().depth(rows_.end(0)), 2U);
  EXPECT_TRUE(rows_.holds(0));
  compute(0, 16, 18);
  EXPECT_TRUE(rows_.holds(0)) << "11 is read, in the page from 8 on";
  compute(0, 18, 19);
  EXPECT_FALSE(rows_.holds(0)) << "which 12 is not";
  EXPECT_EQ(rows_.tree().pages().cached(), 3U) << "that page, and the two of the unit before";
  rows_.clear(0, 19, {});
}

TEST_F(hybrid_rows_test, a_row_begins_with_what_a_resume_point_keeps) {
  rows_.begin(0, {}, {});
  compute(0, 0, 16);
  const std::vector<page_id> path{page_id{rows_.tree().parent(rows_.end(0))},
                                  page_id{rows_.end(0)}};
  rows_.begin(1, path, {});
  EXPECT_EQ(rows_.tables()[0].at(1, 0), rows_.tables()[0].at(0, 0));
  EXPECT_EQ(rows_.tables()[1].at(1, 1), no_page);
  EXPECT_EQ(rows_.tables()[1].at(1, 2), rows_.tables()[1].at(0, 2));
  EXPECT_EQ(rows_.end(1), rows_.end(0));
  EXPECT_TRUE(rows_.holds(1));
  rows_.clear(0, 16, {});
  rows_.clear(1, 16, {});
}

TEST_F(hybrid_rows_test, tokens_that_were_noted_move_with_forks_and_truncations) {
  rows_.begin(0, {}, {});
  compute(0, 0, 11);
  rows_.fork(0, 1, 11);
  EXPECT_NE(rows_.draft(1), rows_.draft(0));
  compute(1, 11, 16);
  compute(0, 11, 16);
  EXPECT_EQ(rows_.end(0), rows_.end(1)) << "equal tokens are one node";
  ASSERT_TRUE(rows_.may_end(0, 16, 15, 15));
  EXPECT_EQ(rows_.shrink(0, 15, 16, 15), 0U);
  EXPECT_EQ(rows_.tree().depth(rows_.end(0)), 1U);
  compute(0, 15, 16);
  EXPECT_EQ(rows_.end(0), rows_.end(1));
  rows_.clear(0, 16, {});
  rows_.clear(1, 16, {});
}

TEST_F(hybrid_rows_test, tokens_beyond_what_may_be_indexed_are_not_found) {
  rows_.begin(0, {}, {});
  rows_.grow(0, 0, 24, {});
  rows_.note(0, 0, counted(24), {}, 10, {});
  EXPECT_EQ(rows_.tree().points(), 1U) << "the second unit ends at 16";
  EXPECT_EQ(rows_.tables()[1].at(0, 0), no_page) << "the window slides all the same";
  rows_.clear(0, 24, {});
}

}  // namespace
}  // namespace kvfolio::test
