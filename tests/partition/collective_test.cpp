// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/partition/collective.hpp>

namespace kvfolio::test {
namespace {

using partition::collective;
using partition::collective_kind;

TEST(collective, rings_send_every_byte_but_their_own) {
  EXPECT_EQ((collective{"", collective_kind::all_reduce, 4, 1, 800}.bytes_sent()), 1200U);
  EXPECT_EQ((collective{"", collective_kind::all_gather, 4, 1, 800}.bytes_sent()), 600U);
  EXPECT_EQ((collective{"", collective_kind::reduce_scatter, 4, 1, 800}.bytes_sent()), 600U);
  EXPECT_EQ((collective{"", collective_kind::all_to_all, 4, 1, 800}.bytes_sent()), 600U);
  EXPECT_EQ((collective{"", collective_kind::send, 2, 1, 800}.bytes_sent()), 800U);
  EXPECT_EQ((collective{"", collective_kind::all_reduce, 4, 1, 800}.steps()), 6U);
}

TEST(collective, a_dense_layer_sums_after_attention_and_after_its_mlp) {
  const auto llama = model::preset_named("llama-3-8b");
  const auto all = partition::tensor_collectives(llama, 0, 32, {.ranks = 2, .tokens = 16});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].where, "embedding");
  EXPECT_EQ(all[1].times, 64U);
  EXPECT_EQ(all[1].bytes, 16U * 4096 * 2);
  EXPECT_EQ(all[2].bytes, 128256U * 4);
  const auto middle = partition::tensor_collectives(llama, 8, 8, {.ranks = 2, .tokens = 16});
  ASSERT_EQ(middle.size(), 1U);
  EXPECT_EQ(middle[0].times, 16U);
  EXPECT_TRUE(partition::tensor_collectives(llama, 0, 32, {.ranks = 1}).empty());
}

TEST(collective, experts_on_ranks_of_their_own_are_sent_to_and_back) {
  const auto mixtral = model::preset_named("mixtral-8x7b");
  const auto all = partition::tensor_collectives(
      mixtral, 1, 4, {.ranks = 4, .expert_parallel = true, .tokens = 16});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].times, 4U) << "after attention only";
  EXPECT_EQ(all[1].kind, collective_kind::all_to_all);
  EXPECT_EQ(all[1].times, 8U);
  EXPECT_EQ(all[1].bytes, 2U * 16 * 4096 * 2);
}

}  // namespace
}  // namespace kvfolio::test
