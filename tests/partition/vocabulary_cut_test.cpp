// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/partition/vocabulary_cut.hpp>

namespace kvfolio::test {
namespace {

using partition::vocabulary_share;

TEST(vocabulary_cut, megatron_pads_to_a_multiple_of_128_for_each_rank) {
  EXPECT_EQ(partition::megatron_vocabulary(50257, 1), 50304U);
  EXPECT_EQ(partition::megatron_vocabulary(50257, 8), 51200U);
  EXPECT_EQ(partition::megatron_vocabulary(32000, 8), 32768U);
  EXPECT_EQ(partition::megatron_vocabulary(128256, 16), 129024U);
  EXPECT_THROW(static_cast<void>(partition::megatron_vocabulary(0, 8)), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(partition::megatron_vocabulary(8, 0)), partition::bad_partition);
}

TEST(vocabulary_cut, vllm_pads_to_64_and_does_not_look_at_the_ranks) {
  EXPECT_EQ(partition::vllm_vocabulary(50257, 1), 50304U);
  EXPECT_EQ(partition::vllm_vocabulary(1010, 2, 16), 1088U);
  EXPECT_EQ(partition::vllm_vocabulary(128256, 6) / 6, 21376U);
  EXPECT_THROW(static_cast<void>(partition::vllm_vocabulary(32000, 3)), partition::bad_partition);
  try {
    static_cast<void>(partition::vllm_vocabulary(151936, 3));
    FAIL();
  } catch (const partition::bad_partition& error) {
    EXPECT_NE(std::string{error.what()}.find("2 would work"), std::string::npos) << error.what();
  }
}

TEST(vocabulary_cut, our_padding_is_that_of_vllm_wherever_it_has_one) {
  for (std::uint64_t vocabulary = 1; vocabulary < 3000; vocabulary += 37) {
    for (std::uint32_t ranks = 1; ranks <= 12; ++ranks) {
      const auto ours = partition::padded_vocabulary(vocabulary, ranks);
      EXPECT_EQ(ours % ranks, 0U);
      try {
        EXPECT_EQ(ours, partition::vllm_vocabulary(vocabulary, ranks));
      } catch (const partition::bad_partition&) {
      }
    }
  }
}

TEST(vocabulary_cut, tokens_are_on_one_rank_each_and_padding_behind_them) {
  EXPECT_EQ(partition::vocabulary_cut(1010, 1088, 2, 0), (vocabulary_share{{0, 544}, 0}));
  EXPECT_EQ(partition::vocabulary_cut(1010, 1088, 2, 1), (vocabulary_share{{544, 466}, 78}));
  EXPECT_EQ(partition::vocabulary_cut(3, 8, 4, 3), (vocabulary_share{{3, 0}, 2}));
}

}  // namespace
}  // namespace kvfolio::test
