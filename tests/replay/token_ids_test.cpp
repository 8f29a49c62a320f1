// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <span>

#include <gtest/gtest.h>

#include <replay/token_ids.hpp>

namespace replay::test {
namespace {

TEST(token_ids, of_a_hash_block_are_the_same_wherever_it_occurs) {
  const trace all{.name = {},
                  .format = {},
                  .requests = {{0, 10, 0, {5, 7, 9}}, {0, 8, 0, {7, 5}}, {0, 3, 0, {5}}},
                  .tokens_per_hash = 4};
  const auto one = prompt_of(all, 0);
  const auto other = prompt_of(all, 1);
  ASSERT_EQ(one.size(), 10U);
  EXPECT_TRUE(std::equal(one.begin(), one.begin() + 4, other.begin() + 4));
  EXPECT_TRUE(std::equal(one.begin() + 4, one.begin() + 8, other.begin()));
  EXPECT_TRUE(std::ranges::equal(prompt_of(all, 2), std::span{one}.first(3)));
}

TEST(token_ids, without_hash_ids_are_those_of_the_request_alone) {
  const trace all{.name = {}, .format = {}, .requests = {{0, 50, 0, {}}, {0, 50, 0, {}}}};
  std::set<kvfolio::token_id> seen;
  for (const auto number : {0U, 1U}) {
    for (const auto token : prompt_of(all, number)) seen.insert(token);
    for (std::uint64_t branch = 1; branch <= 2; ++branch) {
      for (std::uint64_t i = 0; i < 50; ++i) seen.insert(token_of(own_text(number, branch), i));
    }
  }
  EXPECT_EQ(seen.size(), 300U);
  EXPECT_GE(*seen.begin(), 0);
}

}  // namespace
}  // namespace replay::test
