// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/device.hpp>

namespace kvfolio::test {
namespace {

using partition::cluster;
using partition::collective;
using partition::collective_kind;
using partition::link;

TEST(device, links_take_their_latency_for_each_message_and_their_bandwidth_for_each_byte) {
  const link slow{100, 2};
  EXPECT_EQ(slow.seconds(300), 5);
  EXPECT_EQ(slow.seconds(300, 3), 9);
  EXPECT_EQ(slow.seconds(collective{"", collective_kind::all_reduce, 2, 3, 100}), 3 * (2 * 2 + 1));
}

TEST(device, rings_are_as_fast_as_their_slowest_link) {
  cluster where{{{.name = "a"}, {.name = "b"}, {.name = "c"}}, {100, 1}};
  where.connect(0, 1, {10, 0.5});
  where.connect(2, 1, {1000, 3});
  const std::vector<std::uint32_t> all{0, 1, 2};
  const std::vector<std::uint32_t> pair{0, 2};
  EXPECT_EQ(where.slowest_inside(all), (link{10, 3}));
  EXPECT_EQ(where.slowest_inside(pair), (link{100, 1}));
  EXPECT_EQ(where.between(1, 0), (link{10, 0.5})) << "both ways";
  EXPECT_EQ(where.devices()[2].name, "c");
}

TEST(device, groups_hand_over_by_the_link_that_takes_least) {
  cluster where{{{}, {}, {}}, {100, 1}};
  where.connect(1, 2, {1000, 1});
  const std::vector<std::uint32_t> from{0, 1};
  const std::vector<std::uint32_t> to{2};
  EXPECT_EQ(where.hand_over(from, to, 1000), 2);
}

}  // namespace
}  // namespace kvfolio::test
