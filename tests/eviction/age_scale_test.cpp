// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/eviction/age_scale.hpp>

namespace kvfolio::eviction {
namespace {

TEST(age_scale, moving_buckets_as_time_passes_keeps_everything_where_its_age_says) {
  std::vector<std::size_t> bucket_of;  // of what happened at each tick
  for (std::uint64_t now = 1; now < 3'000; ++now) {
    std::vector<std::size_t> to(age_scale::buckets, age_scale::buckets);
    age_scale::pass(now, [&](std::size_t from, std::size_t into) {
      ASSERT_EQ(to[from], age_scale::buckets) << "moved twice";
      to[from] = into;
      for (auto& bucket : bucket_of) {
        if (bucket == from) bucket = into;
      }
    });
    bucket_of.push_back(0);  // at the tick that begins now
    if (now % 17 != 0) continue;
    for (std::uint64_t then = 1; then <= now; ++then) {
      ASSERT_EQ(bucket_of[then - 1], age_scale::bucket(then, now)) << then << " at " << now;
    }
  }
}

TEST(age_scale, a_bucket_stands_for_its_ages_to_a_quarter) {
  for (std::uint64_t now = 100'000; now < 100'200; ++now) {
    for (std::uint64_t age = 0; age < 60'000; age += 1 + age / 50) {
      const auto said = age_scale::age(age_scale::bucket(now - age, now));
      ASSERT_LE(4 * said, 5 * age) << age;
      ASSERT_GE(4 * said, 3 * age) << age;
    }
  }
}

TEST(age_scale, beyond_the_last_bucket_ages_are_alike) {
  EXPECT_EQ(age_scale::bucket(0, UINT64_MAX), age_scale::oldest);
  EXPECT_EQ(age_scale::bucket(0, std::uint64_t{1} << 20U), age_scale::oldest);
}

TEST(age_scale, buckets_are_in_the_order_of_age) {
  for (std::size_t bucket = 1; bucket <= age_scale::buckets; ++bucket) {
    EXPECT_LT(age_scale::age(bucket - 1), age_scale::age(bucket));
  }
}

}  // namespace
}  // namespace kvfolio::eviction
