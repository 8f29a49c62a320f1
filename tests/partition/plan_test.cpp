// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/partition/plan.hpp>

namespace kvfolio::test {
namespace {

using partition::plan_goal;
using partition::plan_result;
using partition::planned_replica;
using partition::planned_stage;

planned_stage stage(std::uint32_t ranks, double prefill, double decode) {
  planned_stage made;
  made.devices.resize(ranks);
  made.mode.tensor = ranks;
  made.time = {prefill, decode, 1};
  return made;
}

TEST(plan, times_are_sums_over_stages_or_the_longest_if_all_are_busy) {
  const planned_replica replica{{stage(1, 3, 0.2), stage(1, 4, 0.5)}};
  EXPECT_DOUBLE_EQ(replica.time_to_first_token(), 7);
  EXPECT_DOUBLE_EQ(replica.time_per_output_token(1), 0.7);
  EXPECT_DOUBLE_EQ(replica.time_per_output_token(2), 1.0) << "two passes wait for the slower stage";
}

TEST(plan, shapes_are_replicas_of_stages_of_ranks) {
  const planned_replica wide{{stage(4, 1, 1), stage(2, 1, 1)}};
  const planned_replica thin{{stage(1, 1, 1)}};
  plan_result made{plan_goal::throughput, {wide, wide, thin}, 0.5};
  EXPECT_EQ(made.shape(), "2 x (4 + 2), 1 x (1)");
  EXPECT_EQ(made.throughput(), 2);
  EXPECT_EQ(made.communicating(), 5.0 / 3);
  made.replicas[2].stages[0].mode = {2, 3, true};
  EXPECT_EQ(made.shape(), "2 x (4 + 2), 1 x (2x3 context expert)");
}

TEST(plan, collectives_are_those_of_the_layers_of_a_stage) {
  const auto llama = model::preset_named("llama-3-8b");
  auto middle = stage(2, 1, 1);
  middle.layers = {8, 8};
  const auto all = partition::collectives_of(llama, middle, {}, 1);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].times, 16U);
  EXPECT_EQ(all[0].bytes, 8192U);
}

}  // namespace
}  // namespace kvfolio::test
