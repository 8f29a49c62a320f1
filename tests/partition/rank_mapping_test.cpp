// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/rank_mapping.hpp>

namespace kvfolio::test {
namespace {

using partition::place_of;
using partition::rank_place;

TEST(rank_mapping, tensor_ranks_are_neighbours_and_stages_far_apart) {
  EXPECT_EQ(place_of({.tensor = 2, .pipeline = 2, .context = 2}, 5, 8),
            (rank_place{1, 1, 0, 0, 1}));
  EXPECT_EQ(place_of({.tensor = 2, .pipeline = 2, .context = 2}, 2, 8),
            (rank_place{0, 0, 1, 0, 0}));
  EXPECT_EQ(place_of({.tensor = 4, .expert = 2, .expert_tensor = 2}, 3, 4),
            (rank_place{3, 0, 0, 1, 1}));
}

TEST(rank_mapping, grids_that_do_not_fit_are_refused) {
  EXPECT_THROW(static_cast<void>(place_of({.tensor = 2}, 0, 3)), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(place_of({.tensor = 4, .expert = 3}, 0, 4)),
               partition::bad_partition);
  EXPECT_THROW(static_cast<void>(place_of({.tensor = 2, .context = 2, .expert = 2}, 0, 4)),
               partition::bad_partition);
  EXPECT_THROW(static_cast<void>(place_of({.tensor = 4}, 4, 4)), partition::bad_partition)
      << "there is no such rank";
}

TEST(rank_mapping, unequal_stages_send_to_their_last_rank_when_they_have_no_other) {
  using groups = std::vector<std::vector<std::uint32_t>>;
  EXPECT_EQ(partition::unequal_pipelines({4, 2, 2}),
            (groups{{0, 4, 6}, {1, 5, 7}, {2, 5, 7}, {3, 5, 7}}));
  EXPECT_THROW(static_cast<void>(partition::unequal_pipelines({2, 0})), partition::bad_partition);
}

}  // namespace
}  // namespace kvfolio::test
