// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/partition/pipeline_solver.hpp>

namespace kvfolio::test {
namespace {

namespace kp = partition;
using kp::plan_goal;

const model::architecture llama = model::preset_named("llama-3-8b");
const kp::device quick{"quick", 30 * model::gigabyte, 1e14, 2e12};
const kp::device lame{"lame", 30 * model::gigabyte, 1e12, 1e10};
const kp::workload work{.prompt = 100, .output = 100, .batch = 1};

TEST(pipeline_solver, layers_go_where_they_are_done_soonest) {
  const kp::cluster where{{quick, lame}, {1e10, 1e-6}};
  kp::pipeline_solver solver{llama, where, work, plan_goal::throughput};
  const auto split = solver.solve({{0}, {1}});
  ASSERT_TRUE(split);
  EXPECT_EQ(split->layers, (kp::stages{31, 1}));
  const auto plan = solver.with({{0}, {1}}, split->layers);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->seconds, split->longest);
  EXPECT_GT(solver.with({{0}, {1}}, {16, 16})->seconds, plan->seconds);
}

TEST(pipeline_solver, who_costs_more_than_it_gives_is_left_out) {
  const kp::cluster where{{quick, lame}, {1e10, 1e-6}};
  kp::pipeline_solver solver{llama, where, work, plan_goal::latency};
  const auto fewer = solver.solve_with_fewer({{0}, {1}});
  ASSERT_TRUE(fewer);
  EXPECT_EQ(fewer->groups, (kp::device_groups{{0}}));
  const kp::cluster pair{{quick, quick}, {1e10, 1e-6}};
  kp::pipeline_solver useful{llama, pair, work, plan_goal::throughput};
  EXPECT_FALSE(useful.solve_with_fewer({{0}, {1}}));
}

TEST(pipeline_solver, what_does_not_fit_is_nothing_and_leaves_the_nearest) {
  auto small = quick;
  small.memory = 8 * model::gigabyte;
  const kp::cluster where{{small, small}, {1e10, 1e-6}};
  kp::pipeline_solver solver{llama, where, work, plan_goal::latency};
  EXPECT_FALSE(solver.nearest());
  EXPECT_FALSE(solver.solve({{0}}));
  EXPECT_FALSE(solver.solve({{0}, {1}}));
  ASSERT_TRUE(solver.nearest());
  EXPECT_EQ(solver.nearest()->groups.size(), 2U) << "it lacks less";
  EXPECT_FALSE(solver.with({{0}, {1}}, {16, 16}));
}

TEST(pipeline_solver, replicas_add_their_rates_and_the_fastest_answers) {
  const kp::cluster where{{quick, quick}, {1e10, 1e-6}};
  kp::pipeline_solver many{llama, where, work, plan_goal::throughput};
  kp::pipeline_solver one{llama, where, work, plan_goal::latency};
  const std::vector<kp::pipeline> pair{{{{0}}, {{32}, 2, 2}}, {{{1}}, {{32}, 4, 4}}};
  EXPECT_DOUBLE_EQ(many.seconds_of(pair), 1 / (1 / 2.0 + 1 / 4.0));
  EXPECT_DOUBLE_EQ(one.seconds_of(pair), 2);
}

}  // namespace
}  // namespace kvfolio::test
