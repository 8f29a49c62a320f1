// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/core/random_seed.hpp>

namespace kvfolio::test {
namespace {

TEST(random_seed, is_another_one_each_time_and_all_of_its_bits_vary) {
  std::set<std::uint64_t> seeds;
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (int i = 0; i < 64; ++i) {
    const auto seed = random_seed();
    seeds.insert(seed);
    ones |= seed;
    zeros |= ~seed;
  }
  EXPECT_EQ(seeds.size(), 64U);
  EXPECT_EQ(ones, ~std::uint64_t{0});
  EXPECT_EQ(zeros, ~std::uint64_t{0});
}

}  // namespace
}  // namespace kvfolio::test
