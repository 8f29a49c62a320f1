// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/expert_cut.hpp>

namespace kvfolio::test {
namespace {

using partition::expert_cut;
using partition::expert_order;
using owners = std::vector<std::uint32_t>;

TEST(expert_cut, each_order_places_the_rest_in_its_own_way) {
  EXPECT_EQ(expert_cut(8, 3), (owners{0, 0, 0, 1, 1, 1, 2, 2}));
  EXPECT_EQ(expert_cut(8, 3, expert_order::round_robin), (owners{0, 1, 2, 0, 1, 2, 0, 1}));
  EXPECT_EQ(expert_cut(8, 3, expert_order::rest_to_last), (owners{0, 0, 1, 1, 2, 2, 2, 2}));
  EXPECT_EQ(expert_cut(6, 3, expert_order::equal), (owners{0, 0, 1, 1, 2, 2}));
}

TEST(expert_cut, no_expert_is_forgotten) {
  EXPECT_THROW(static_cast<void>(expert_cut(8, 3, expert_order::equal)), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(expert_cut(8, 9)), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(expert_cut(8, 0)), partition::bad_partition);
}

}  // namespace
}  // namespace kvfolio::test
