// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/partition/head_cut.hpp>

namespace kvfolio::test {
namespace {

using partition::head_cut;
using partition::head_share;

TEST(head_cut, heads_are_divided_and_kv_heads_divided_or_repeated) {
  EXPECT_EQ(head_cut(32, 8, 4, 3), (head_share{{24, 8}, {6, 2}, 1}));
  EXPECT_EQ(head_cut(32, 8, 16, 5), (head_share{{10, 2}, {2, 1}, 2}));
  EXPECT_EQ(head_cut(28, 4, 4, 2), (head_share{{14, 7}, {2, 1}, 1}));
  EXPECT_EQ(head_cut(4, 1, 4, 3), (head_share{{3, 1}, {0, 1}, 4}));
}

void expect_refused(std::uint32_t heads, std::uint32_t kv_heads, std::uint32_t ranks,
                    const char* because) {
  try {
    static_cast<void>(head_cut(heads, kv_heads, ranks, 0));
    ADD_FAILURE() << "accepted, in spite of " << because;
  } catch (const partition::bad_partition& error) {
    EXPECT_EQ(error.reason(), partition::refusal::not_divisible);
    EXPECT_NE(std::string{error.what()}.find(because), std::string::npos) << error.what();
  }
}

TEST(head_cut, what_cannot_be_cut_is_refused_with_what_could) {
  expect_refused(28, 4, 8, "work: 1, 2, 4, 28");
  expect_refused(32, 8, 3, "work: 1, 2, 4, 8, 16, 32");
  expect_refused(48, 8, 12, "neither divided nor repeated");
  expect_refused(32, 6, 4, "neither divided nor repeated");
  expect_refused(32, 8, 0, "0 ranks");
}

// A query head reads the KV head of its group, wherever it is.
TEST(head_cut, every_rank_has_the_kv_heads_that_its_heads_read) {
  for (std::uint32_t kv_heads = 1; kv_heads <= 16; ++kv_heads) {
    for (std::uint32_t group = 1; group <= 8; ++group) {
      const auto heads = kv_heads * group;
      for (std::uint32_t ranks = 1; ranks <= heads; ++ranks) {
        if (heads % ranks != 0 || (kv_heads % ranks != 0 && ranks % kv_heads != 0)) continue;
        std::uint64_t next = 0;
        for (std::uint32_t rank = 0; rank < ranks; ++rank) {
          const auto share = head_cut(heads, kv_heads, ranks, rank);
          EXPECT_EQ(share.heads.first, next);
          next = share.heads.end();
          for (auto head = share.heads.first; head < share.heads.end(); ++head) {
            ASSERT_TRUE(share.kv_heads.contains(head / group))
                << heads << '/' << kv_heads << '/' << ranks;
          }
        }
        EXPECT_EQ(next, heads);
      }
    }
  }
}

}  // namespace
}  // namespace kvfolio::test
