// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <attention/requests.hpp>

namespace attention {
namespace {

TEST(requests, grow_in_pairs_of_which_the_second_goes_on_from_the_first) {
  const auto made = growing_requests(4, 100);
  ASSERT_EQ(made.size(), 4U);
  EXPECT_EQ(made[0].tokens, 25U);
  EXPECT_EQ(made[3].tokens, 100U);
  EXPECT_EQ(made[2].shared, 0U);
  EXPECT_EQ(made[3].parent, 2U);
  EXPECT_EQ(made[3].shared, 75U);
}

TEST(requests, of_a_trace_share_the_blocks_that_they_begin_with) {
  replay::trace trace{.name = {}, .format = {}, .requests = {}, .tokens_per_hash = 10};
  trace.requests = {{.prompt_tokens = 35, .hash_ids = {1, 2, 3, 4}},
                    {.prompt_tokens = 28, .hash_ids = {1, 2, 9}},
                    {.prompt_tokens = 20, .hash_ids = {1, 2}},
                    {.prompt_tokens = 90, .hash_ids = {7}}};
  const auto made = requests_of(trace, 9, 30);
  ASSERT_EQ(made.size(), 4U);
  EXPECT_EQ(made[0].tokens, 30U);
  EXPECT_EQ(made[0].shared, 0U);
  EXPECT_EQ(made[1].shared, 20U);
  EXPECT_EQ(made[2].tokens, 20U);
  EXPECT_EQ(made[2].shared, 19U) << "the last token is its own: it has the query";
  EXPECT_EQ(made[3].tokens, 30U);
  EXPECT_EQ(made[3].shared, 0U);
  EXPECT_EQ(requests_of(trace, 2, 30).size(), 2U);
}

}  // namespace
}  // namespace attention
