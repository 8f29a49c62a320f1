// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plain_batch.hpp"
#include <attention/prefill.hpp>
#include <attention/reference.hpp>

namespace attention {
namespace {

using kv::dtype;
using kv::model::token_order;
using testing::HasSubstr;

class each_target : public testing::TestWithParam<const kernels*> {
 protected:
  // Prefills the newest `fresh` tokens of sequences of `lengths`, and compares with double
  // precision.
  void expect_accurate(const geometry& shape, token_order order,
                       const std::vector<std::size_t>& lengths,
                       const std::vector<std::size_t>& fresh) {
    const plain_batch batch{shape, order, lengths};
    std::size_t tokens = 0;
    for (const auto each : fresh) tokens += each;
    const auto width = std::size_t{shape.query_heads} * shape.key_dim;
    const auto out_width = std::size_t{shape.query_heads} * shape.value_dim;
    const auto queries = random_numbers(tokens * width, 9);
    std::vector<float> output(tokens * out_width, -1);
    prefill(contiguous{batch.rows()}, shape, fresh, queries, output, *GetParam());
    std::size_t token = 0;
    for (std::size_t row = 0; row < lengths.size(); ++row) {
      for (std::size_t i = 0; i < fresh[row]; ++i, ++token) {
        const auto position = lengths[row] - fresh[row] + i;
        const auto expected = reference(batch.past(row), shape, {}, position,
                                        std::span{queries}.subspan(token * width, width));
        const auto error =
            compare(std::span{output}.subspan(token * out_width, out_width), expected);
        ASSERT_LE(error.relative_rms, 1e-6) << "position " << position << " of row " << row;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(prefill, each_target, testing::ValuesIn(supported_kernels()),
                         [](const auto& each) { return each.param->name; });

TEST_P(each_target, every_token_sees_those_before_it_and_itself) {
  const geometry shape{
      .type = dtype::f16, .query_heads = 4, .kv_heads = 1, .key_dim = 32, .value_dim = 32};
  expect_accurate(shape, token_order::head_major, {1, 24, 130}, {1, 24, 130});
}

TEST_P(each_target, new_tokens_see_what_was_cached_before) {
  const geometry shape{
      .type = dtype::bf16, .query_heads = 6, .kv_heads = 2, .key_dim = 20, .value_dim = 12};
  expect_accurate(shape, token_order::token_major, {40, 300, 99, 97}, {1, 50, 0, 97});
}

TEST_P(each_target, groups_larger_than_a_tile_make_one_of_their_own) {
  const geometry shape{
      .type = dtype::f32, .query_heads = 100, .kv_heads = 1, .key_dim = 16, .value_dim = 16};
  expect_accurate(shape, token_order::head_major, {30}, {3});
}

TEST_P(each_target, a_window_hides_all_but_the_newest_tokens_and_the_sinks) {
  for (const std::uint32_t window : {1U, 30U, 150U}) {
    for (const std::uint32_t sinks : {0U, 5U, 120U}) {
      SCOPED_TRACE(testing::Message() << "window " << window << ", sinks " << sinks);
      const geometry shape{.type = dtype::f32,
                           .query_heads = 2,
                           .kv_heads = 1,
                           .key_dim = 16,
                           .value_dim = 16,
                           .window = window,
                           .sinks = sinks};
      expect_accurate(shape, token_order::head_major, {260, 12}, {120, 12});
    }
  }
}

TEST(prefill, a_step_that_makes_no_sense_is_refused_with_the_reason) {
  const geometry shape{
      .type = dtype::f32, .query_heads = 2, .kv_heads = 1, .key_dim = 4, .value_dim = 4};
  const std::vector<std::size_t> lengths{5};
  const plain_batch batch{shape, token_order::head_major, lengths};
  const std::vector<float> queries(2 * 2 * 4);
  std::vector<float> output(queries.size());
  const auto refusal = [&](std::vector<std::size_t> fresh, std::span<const float> given,
                           std::span<float> to) -> std::string {
    try {
      prefill(contiguous{batch.rows()}, shape, fresh, given, to);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal({2}, queries, output), "accepted");
  EXPECT_THAT(refusal({2, 1}, queries, output), HasSubstr("every row needs"));
  EXPECT_THAT(refusal({6}, queries, output), HasSubstr("fewer tokens than"));
  EXPECT_THAT(refusal({1}, queries, output), HasSubstr("queries must be"));
  EXPECT_THAT(refusal({2}, queries, std::span{output}.first(1)), HasSubstr("output must be"));
}

}  // namespace
}  // namespace attention
