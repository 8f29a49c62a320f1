// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/partition/planner.hpp>

#include "../support/planning.hpp"

namespace kvfolio::test {
namespace {

namespace kp = partition;
using kp::plan_goal;

TEST(planner, a_plan_covers_the_model_once_and_fits_its_devices) {
  std::mt19937_64 random{47};
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    const auto [model, where, work] = random_instance(random, 12, 24);
    const auto goal = round % 2 == 0 ? plan_goal::latency : plan_goal::throughput;
    std::optional<kp::plan_result> found;
    try {
      found = kp::plan(model, where, work, goal);
    } catch (const kp::bad_partition&) {
      continue;
    }
    std::vector<int> used(where.devices().size());
    for (const auto& replica : found->replicas) {
      std::uint64_t next = 0;
      double sum = 0;
      for (const auto& stage : replica.stages) {
        EXPECT_EQ(stage.layers.first, next);
        EXPECT_GT(stage.layers.count, 0U);
        EXPECT_EQ(stage.mode.tensor * stage.mode.context, stage.devices.size());
        next = stage.layers.end();
        sum += stage.seconds;
        for (const auto each : stage.devices) {
          EXPECT_EQ(++used[each], 1);
          EXPECT_LE(stage.memory.total(), where.devices()[each].memory);
        }
      }
      EXPECT_EQ(next, model.layers.size());
      EXPECT_NEAR(sum, replica.sum, sum * 1e-9);
    }
    if (goal == plan_goal::latency) {
      const auto steps = static_cast<double>(work.output - 1);
      EXPECT_NEAR(found->seconds,
                  found->time_to_first_token() + steps * found->time_per_output_token(),
                  found->seconds * 1e-9);
    }
    EXPECT_FALSE(found->runner_up.empty());
  }
}

const kp::device a100{"a100-40g", 40 * model::gigabyte, 0.5 * 312e12, 1.555e12};
const kp::device rtx3060{"rtx3060-12g", 12 * model::gigabyte, 0.5 * 25.5e12, 3.6e11};

TEST(planner, cuts_a_model_that_no_device_holds) {
  const auto llama = model::preset_named("llama-2-13b");
  kp::cluster where{{a100, a100, rtx3060, rtx3060, rtx3060, rtx3060}, {25e9, 1e-5}};
  const auto found =
      kp::plan(llama, where, {.prompt = 1000, .output = 1000, .batch = 4}, plan_goal::throughput);
  EXPECT_GE(found.replicas.front().stages.size(), 1U);
  EXPECT_GT(found.throughput(), 0);
}

TEST(planner, what_fits_nowhere_is_refused_with_what_is_missing) {
  const auto llama = model::preset_named("llama-3-70b");
  const kp::cluster where{{rtx3060, rtx3060}, {25e9, 1e-5}};
  try {
    static_cast<void>(kp::plan(llama, where, {}, plan_goal::latency));
    FAIL();
  } catch (const kp::bad_partition& error) {
    EXPECT_EQ(error.reason(), kp::refusal::no_memory);
    EXPECT_NE(std::string{error.what()}.find("bytes on a device"), std::string::npos)
        << error.what();
  }
  const auto small = model::preset_named("llama-2-7b");
  const kp::cluster one{{{"20g", 20 * model::gigabyte, 1e14, 1e12}}, {25e9, 1e-5}};
  try {
    static_cast<void>(kp::plan(small, one, {.prompt = 16384}, plan_goal::latency));
    FAIL();
  } catch (const kp::bad_partition& error) {
    EXPECT_NE(std::string{error.what()}.find("prompts of 8192 tokens would fit"), std::string::npos)
        << error.what();
  }
}

TEST(planner, a_rate_that_one_request_at_a_time_cannot_serve_asks_for_throughput) {
  const auto llama = model::preset_named("llama-3-8b");
  const kp::cluster where{{a100, a100}, {25e9, 1e-5}};
  EXPECT_EQ(kp::plan(llama, where, {.rate = 1e-3}).goal, plan_goal::latency);
  const auto busy = kp::plan(llama, where, {.rate = 1.5});
  EXPECT_EQ(busy.goal, plan_goal::throughput);
  EXPECT_TRUE(busy.meets_rate);
  EXPECT_FALSE(kp::plan(llama, where, {.rate = 1e6}).meets_rate);
}

TEST(planner, workloads_without_work_and_devices_without_power_are_refused) {
  const auto llama = model::preset_named("llama-3-8b");
  const kp::cluster where{{a100}, {25e9, 1e-5}};
  const kp::cluster none{{}, {25e9, 1e-5}};
  const kp::cluster idle{{{"idle", 1, 0, 1}}, {25e9, 1e-5}};
  EXPECT_THROW(static_cast<void>(kp::plan(llama, none, {})), kp::bad_partition);
  EXPECT_THROW(static_cast<void>(kp::plan(llama, idle, {})), kp::bad_partition);
  EXPECT_THROW(static_cast<void>(kp::plan(llama, where, {.output = 0})), kp::bad_partition);
}

}  // namespace
}  // namespace kvfolio::test
