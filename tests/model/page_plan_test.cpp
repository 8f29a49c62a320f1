// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/model/dtype.hpp>
#include <kvfolio/model/page_plan.hpp>

namespace kvfolio::test {
namespace {

using model::paged_shape;

TEST(page_plan, groups_of_equal_bytes_have_equal_pages_and_no_padding) {
  const auto shape = model::grouped_query(8, 8, 256, dtype::bf16);
  const auto plan = model::plan_pages(std::vector<paged_shape>{{shape}, {shape}}, 16);
  EXPECT_EQ(plan.page_bytes, 8U * 8 * 512 * 2 * 16);
  EXPECT_EQ(plan.groups[0].tokens_per_page, 16U);
  EXPECT_EQ(plan.groups[1].tokens_per_page, 16U);
  EXPECT_EQ(plan.groups[0].padding_bytes + plan.groups[1].padding_bytes, 0U);
  EXPECT_EQ(plan.unit, 16U);
}

// Five window layers for each full one: the page of the five holds five times the tokens of the
// one.
TEST(page_plan, smaller_tokens_fill_the_page_of_larger_ones) {
  const auto plan =
      model::plan_pages(std::vector<paged_shape>{{model::grouped_query(40, 8, 256, dtype::bf16)},
                                                 {model::grouped_query(8, 8, 256, dtype::bf16)}},
                        16);
  EXPECT_EQ(plan.groups[0].tokens_per_page, 16U);
  EXPECT_EQ(plan.groups[1].tokens_per_page, 80U);
  EXPECT_EQ(plan.unit, 80U);
}

TEST(page_plan, the_unit_is_the_least_common_multiple_and_what_does_not_fit_is_padding) {
  const auto plan =
      model::plan_pages(std::vector<paged_shape>{{model::grouped_query(26, 4, 128, dtype::f16)},
                                                 {model::grouped_query(5, 4, 128, dtype::f16)},
                                                 {model::grouped_query(7, 4, 128, dtype::f16)}},
                        16);
  EXPECT_EQ(plan.groups[1].tokens_per_page, 5U * 16);
  EXPECT_EQ(plan.groups[1].padding_bytes, std::size_t{1} * 4 * 512 * 16) << "a layer of 26";
  EXPECT_EQ(plan.groups[2].tokens_per_page, 3U * 16);
  EXPECT_EQ(plan.groups[2].padding_bytes, std::size_t{5} * 4 * 512 * 16);
  EXPECT_EQ(plan.unit, 240U) << "of 16, 80 and 48";
}

TEST(page_plan, a_large_state_makes_pages_of_many_tokens) {
  const auto attention = model::grouped_query(4, 8, 128, dtype::bf16);
  const auto state = model::recurrent(28, 8192 * 20, dtype::bf16);
  const auto plan = model::plan_pages(std::vector<paged_shape>{{state, 1120}, {attention}}, 16);
  EXPECT_EQ(plan.page_bytes, 28U * 8192 * 20 * 2);
  EXPECT_EQ(plan.groups[0].tokens_per_page, 1120U) << "as its interval says";
  EXPECT_EQ(plan.groups[1].tokens_per_page, 560U);
  EXPECT_EQ(plan.groups[1].padding_bytes, 0U);
  EXPECT_EQ(plan.unit, 1120U);
}

TEST(page_plan, a_state_that_is_no_multiple_of_a_page_is_padded) {
  const auto plan =
      model::plan_pages(std::vector<paged_shape>{{model::recurrent(1, 100, dtype::i8), 32},
                                                 {model::grouped_query(1, 1, 1, dtype::f16)}},
                        16);
  EXPECT_EQ(plan.page_bytes, 128U) << "two times 16 tokens of 4 bytes";
  EXPECT_EQ(plan.groups[0].padding_bytes, 28U);
  EXPECT_EQ(plan.groups[1].tokens_per_page, 32U);
}

TEST(page_plan, states_alone_need_no_tokens_per_page) {
  const auto plan =
      model::plan_pages(std::vector<paged_shape>{{model::recurrent(1, 100, dtype::i8), 64}}, 16);
  EXPECT_EQ(plan.page_bytes, 100U);
  EXPECT_EQ(plan.unit, 64U);
}

TEST(page_plan, says_what_cannot_be_planned) {
  const auto shape = model::grouped_query(1, 1, 1, dtype::f16);
  EXPECT_THROW((void)model::plan_pages({}, 16), std::invalid_argument);
  EXPECT_THROW((void)model::plan_pages(std::vector<paged_shape>{{shape}}, 0),
               std::invalid_argument);
  EXPECT_THROW((void)model::plan_pages(std::vector<paged_shape>{{}}, 16), std::invalid_argument);
  EXPECT_THROW(
      (void)model::plan_pages(
          std::vector<paged_shape>{{shape}, {shape, 2'147'483'647}, {shape, 2'147'483'629}}, 16),
      std::length_error);
}

}  // namespace
}  // namespace kvfolio::test
