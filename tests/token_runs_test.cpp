// SPDX-License-Identifier: Apache-2.0
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/persistent.hpp>
#include <kvfolio/token_runs.hpp>

namespace kvfolio::test {
namespace {

template <class Table>
class token_runs_of : public testing::Test {};
using tables = testing::Types<table::flat, table::persistent>;
TYPED_TEST_SUITE(token_runs_of, tables);

TYPED_TEST(token_runs_of, are_the_positions_one_by_one) {
  for (const std::uint32_t per_page : {1U, 3U, 16U}) {
    TypeParam rows{2, 40};
    for (std::size_t i = 0; i < 40; ++i) rows.push_back(1, to_page(100 - i));
    for (std::size_t first = 0; first <= 40; ++first) {
      for (std::size_t end = first; end <= 40; ++end) {
        const token_runs<TypeParam> runs{rows, 1, per_page, first, end};
        EXPECT_EQ(runs.tokens(), end - first);
        auto position = first;
        for (const token_run run : runs) {
          ASSERT_GE(run.tokens, 1U);
          ASSERT_LE(run.first_token + run.tokens, per_page);
          for (std::uint32_t i = 0; i < run.tokens; ++i, ++position) {
            ASSERT_EQ(run.page, to_page(100 - position / per_page));
            ASSERT_EQ(run.first_token + i, position % per_page);
          }
        }
        ASSERT_EQ(position, end);
      }
    }
  }
}

TYPED_TEST(token_runs_of, can_be_walked_more_than_once) {
  TypeParam rows{1, 3};
  for (std::uint32_t i = 0; i < 3; ++i) rows.push_back(0, page_id{i});
  const token_runs<TypeParam> runs{rows, 0, 4, 3, 10};
  auto one = runs.begin();
  const auto other = one++;
  EXPECT_EQ(*other, (token_run{page_id{0}, 3, 1}));
  EXPECT_EQ(*one, (token_run{page_id{1}, 0, 4}));
  EXPECT_EQ(std::distance(runs.begin(), runs.end()), 3);
  static_assert(std::forward_iterator<decltype(one)>);
}

#ifndef NDEBUG
TYPED_TEST(token_runs_of, positions_that_the_row_has_not_are_a_contract_violation) {
  TypeParam rows{1, 3};
  rows.push_back(0, page_id{1});
  EXPECT_DEATH((token_runs<TypeParam>{rows, 0, 4, 0, 5}), "end");
  EXPECT_DEATH((token_runs<TypeParam>{rows, 0, 4, 2, 1}), "first");
}
#endif

}  // namespace
}  // namespace kvfolio::test
