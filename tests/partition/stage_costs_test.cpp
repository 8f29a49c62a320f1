// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/partition/stage_costs.hpp>

namespace kvfolio::test {
namespace {

namespace kp = partition;
using kp::plan_goal;
using kp::stage_costs;
using kp::stage_mode;

const model::architecture llama = model::preset_named("llama-3-8b");
const kp::device fast{"fast", 80 * model::gigabyte, 1e15, 1e12};
const kp::device slow{"slow", 40 * model::gigabyte, 1e15, 5e11};
const kp::cluster where{{fast, slow, fast}, {1e30, 0}};

stage_costs costs(std::vector<std::uint32_t> group, plan_goal goal, const kp::workload& work) {
  return {llama, where, std::move(group), work, goal, kp::stage_modes(llama, work, 3)};
}

TEST(stage_costs, a_token_takes_what_reading_the_weights_and_its_cache_takes) {
  const kp::workload work{.prompt = 1000, .output = 3, .batch = 1};
  const auto one = costs({0}, plan_goal::latency, work);
  ASSERT_EQ(one.ways().size(), 1U);
  const auto& by = one.ways()[0];
  const auto read = 2.0 * (8'030'261'248.0 - 128256.0 * 4096) + 131'072 * 1001.5;
  EXPECT_NEAR(by.time[32].decode, read / 1e12, 1e-9) << "the embedding is looked up, not read";
  EXPECT_NEAR(one.cost(0, 32, 1), by.time[32].prefill + 2 * by.time[32].decode, 1e-12);
}

TEST(stage_costs, a_prompt_takes_what_its_operations_take) {
  auto work = kp::workload{.prompt = 8000, .output = 1};
  const auto one = costs({0}, plan_goal::latency, work);
  const auto operations = 2.0 * 6'979'321'856.0 * 8000 + 32.0 * 32 * 512 * 8000 * 4000;
  EXPECT_NEAR(one.ways()[0].time[32].prefill * 1e15, operations, operations * 1e-3);
}

TEST(stage_costs, a_group_is_as_slow_and_as_small_as_its_least_device) {
  const kp::workload work{.prompt = 10, .output = 100};
  const auto mixed = costs({0, 1}, plan_goal::latency, work);
  const auto equal = costs({0, 2}, plan_goal::latency, work);
  EXPECT_EQ(mixed.memory(), 40 * model::gigabyte);
  EXPECT_GT(mixed.cost(0, 32, 1), 1.9 * equal.cost(0, 32, 1));
  EXPECT_LT(equal.cost(0, 32, 1), costs({0}, plan_goal::latency, work).cost(0, 32, 1));
}

TEST(stage_costs, passes_in_flight_need_memory_for_their_caches) {
  const kp::workload work{.prompt = 100'000, .output = 1, .batch = 1};
  const auto one = costs({0}, plan_goal::throughput, work);
  EXPECT_LT(one.cost(0, 16, 1), kp::never);
  EXPECT_EQ(one.cost(0, 16, 10), kp::never);
  EXPECT_GT(one.missing(0, 16, 10), 0);
  EXPECT_EQ(one.missing(0, 16, 1), 0);
  const auto& by = one.ways()[0];
  EXPECT_EQ(one.memory(by, 0, 16, 2).kv, 2 * one.memory(by, 0, 16, 1).kv);
}

TEST(stage_costs, sharing_a_sequence_divides_its_cache_and_no_weights) {
  const kp::workload work{.prompt = 31'999, .output = 1, .batch = 1};
  const auto both = costs({0, 2}, plan_goal::latency, work);
  ASSERT_EQ(both.ways().size(), 2U) << "2 tensor ranks, or 2 context ranks";
  const auto& context = both.ways()[0].mode.context == 2 ? both.ways()[0] : both.ways()[1];
  const auto& tensor = both.ways()[0].mode.context == 2 ? both.ways()[1] : both.ways()[0];
  EXPECT_EQ(context.sequence[32], tensor.sequence[32]);
  EXPECT_GT(context.weights[32], tensor.weights[32] + tensor.weights[32] / 2);
}

TEST(stage_costs, only_the_modes_that_a_model_allows_are_tried) {
  const auto modes = kp::stage_modes(llama, {}, 6);
  for (const auto& mode : modes) {
    EXPECT_TRUE(mode.tensor == 1 || mode.tensor == 2 || mode.tensor == 4) << mode.tensor;
    EXPECT_FALSE(mode.expert_parallel);
  }
  const auto mixtral = kp::stage_modes(model::preset_named("mixtral-8x7b"), {}, 4);
  EXPECT_TRUE(std::ranges::any_of(mixtral, &stage_mode::expert_parallel));
}

}  // namespace
}  // namespace kvfolio::test
