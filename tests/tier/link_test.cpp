// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/link.hpp>

namespace kvfolio::test {
namespace {

TEST(link, copies_take_time_beside_their_bytes) {
  const tier::link way{tier::byte_rate{100}, tier::seconds{0.5}};
  EXPECT_DOUBLE_EQ(way.time(1000).value(), 10.5);
  EXPECT_DOUBLE_EQ(way.time(1000, 4).value(), 12);
  EXPECT_DOUBLE_EQ(way.time(0, 0).value(), 0);
}

// Keys or values of one layer of Llama 3 8B, 2 KiB a token: 10 us a copy at 25 GB/s.
TEST(link, small_copies_reach_little_of_the_bandwidth) {
  const tier::link way{tier::gigabytes_per_second(25), tier::seconds{10e-6}};
  const auto reached = [&way](std::uint64_t bytes) { return way.reached(bytes).value() / 1e9; };
  EXPECT_NEAR(reached(2048), 0.2, 0.05) << "1 token";
  EXPECT_NEAR(reached(16 * 2048), 2.9, 0.05) << "16 tokens";
  EXPECT_NEAR(reached(64 * 2048), 8.6, 0.05) << "64 tokens";
  EXPECT_NEAR(reached(256 * 2048), 16.9, 0.05) << "256 tokens";
  EXPECT_NEAR(reached(2U << 20U), 22.3, 0.05) << "a page of all layers in one piece";
}

}  // namespace
}  // namespace kvfolio::test
