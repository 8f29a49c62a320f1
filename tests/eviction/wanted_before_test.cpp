// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/eviction/wanted_before.hpp>

namespace kvfolio::test {
namespace {

page_access of(std::uint64_t key) {
  return {.key = content_key{key}};
}

TEST(wanted_before, admits_each_key_the_second_time) {
  eviction::wanted_before filter{8};
  EXPECT_FALSE(filter.admits(of(1)));
  EXPECT_FALSE(filter.admits(of(2)));
  EXPECT_TRUE(filter.admits(of(1)));
  EXPECT_TRUE(filter.admits(of(2)));
  EXPECT_FALSE(filter.admits(of(1))) << "from the beginning, once it was admitted";
}

TEST(wanted_before, forgets_the_oldest_first) {
  eviction::wanted_before filter{1, 2};
  for (const std::uint64_t key : {1U, 2U, 3U}) EXPECT_FALSE(filter.admits(of(key)));
  EXPECT_TRUE(filter.admits(of(3)));
  EXPECT_TRUE(filter.admits(of(2)));
  EXPECT_FALSE(filter.admits(of(1)));
}

TEST(wanted_before, without_history_admits_nothing) {
  eviction::wanted_before filter{8, 0};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(filter.admits(of(1)));
}

}  // namespace
}  // namespace kvfolio::test
