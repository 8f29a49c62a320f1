// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/schedule.hpp>

namespace kvfolio::test {
namespace {

using partition::pipeline_shape;
using partition::pipeline_step;

// One piece of work of a stage: a chunk of a pass, forward or backward.
struct task {
  bool backward;
  std::uint32_t pass;
  std::uint32_t chunk;
};

using order = std::vector<task>;  // in which a stage does its work

order gpipe(const pipeline_shape& shape, std::uint32_t /*stage*/) {
  order made;
  for (std::uint32_t i = 0; i < shape.passes; ++i) made.push_back({false, i, 0});
  for (std::uint32_t i = 0; i < shape.passes; ++i) made.push_back({true, i, 0});
  return made;
}

order one_f_one_b(const pipeline_shape& shape, std::uint32_t stage) {
  order made;
  const auto warm_up = std::min(shape.stages - stage - 1, shape.passes);
  for (std::uint32_t i = 0; i < warm_up; ++i) made.push_back({false, i, 0});
  for (std::uint32_t i = 0; i < shape.passes; ++i) {
    if (i + warm_up < shape.passes) made.push_back({false, i + warm_up, 0});
    made.push_back({true, i, 0});
  }
  return made;
}

// Megatron's: passes go in groups of as many as there are stages through all chunks.
order interleaved(const pipeline_shape& shape, std::uint32_t stage) {
  const auto all = shape.passes * shape.chunks;
  const auto piece = [&](std::uint32_t index, bool backward) {
    const auto group = shape.stages * shape.chunks;
    const auto chunk = index % group / shape.stages;
    return task{backward, index / group * shape.stages + index % shape.stages,
                backward ? shape.chunks - 1 - chunk : chunk};
  };
  const auto warm_up =
      std::min(all, 2 * (shape.stages - stage - 1) + (shape.chunks - 1) * shape.stages);
  order made;
  for (std::uint32_t i = 0; i < warm_up; ++i) made.push_back(piece(i, false));
  for (std::uint32_t i = 0; i < all; ++i) {
    if (i + warm_up < all) made.push_back(piece(i + warm_up, false));
    made.push_back(piece(i, true));
  }
  return made;
}

struct simulated {
  double makespan = 0;
  std::vector<std::uint32_t> in_flight;  // of each stage
};

// Runs each stage's order as soon as what it needs is done: a forward chunk needs that of the stage
// before it, a backward one that of the stage behind it.
template <class Order>
simulated simulate(const pipeline_shape& shape, Order order_of, double forward, double backward) {
  std::vector<order> orders;
  for (std::uint32_t s = 0; s < shape.stages; ++s) orders.push_back(order_of(shape, s));
  simulated seen{0, std::vector<std::uint32_t>(shape.stages)};
  std::vector<std::size_t> next(shape.stages);
  std::vector<double> free(shape.stages);
  std::vector<std::uint32_t> held(shape.stages);
  std::map<std::tuple<bool, std::uint32_t, std::uint32_t>, double> done;  // by place in the model
  const auto places = shape.stages * shape.chunks;
  for (bool moved = true; moved;) {
    moved = false;
    for (std::uint32_t s = 0; s < shape.stages; ++s) {
      if (next[s] == orders[s].size()) continue;
      const auto& [is_backward, pass, chunk] = orders[s][next[s]];
      const auto place = chunk * shape.stages + s;
      double ready = 0;
      if (!is_backward && place > 0) {
        const auto before = done.find({false, pass, place - 1});
        if (before == done.end()) continue;
        ready = before->second;
      } else if (is_backward) {
        const auto before = place + 1 == places ? done.find({false, pass, place})
                                                : done.find({true, pass, place + 1});
        if (before == done.end()) continue;
        ready = before->second;
      }
      free[s] = std::max(free[s], ready) + (is_backward ? backward : forward) / shape.chunks;
      done[{is_backward, pass, place}] = free[s];
      held[s] += is_backward ? -1U : 1U;
      seen.in_flight[s] = std::max(seen.in_flight[s], held[s]);
      seen.makespan = std::max(seen.makespan, free[s]);
      ++next[s];
      moved = true;
    }
  }
  for (std::uint32_t s = 0; s < shape.stages; ++s) EXPECT_EQ(next[s], orders[s].size());
  return seen;
}

TEST(schedule, gpipe_and_1f1b_take_equally_long_and_differ_in_what_they_hold) {
  for (const auto& [stages, passes, makespan] :
       {std::tuple{4U, 8U, 33.0}, {4U, 4U, 21.0}, {2U, 4U, 15.0}, {8U, 32U, 117.0}}) {
    const pipeline_shape shape{stages, passes};
    EXPECT_EQ(shape.makespan(3), makespan);
    const auto all = simulate(shape, gpipe, 1, 2);
    const auto alternating = simulate(shape, one_f_one_b, 1, 2);
    EXPECT_EQ(all.makespan, makespan);
    EXPECT_EQ(alternating.makespan, makespan);
    for (std::uint32_t s = 0; s < stages; ++s) {
      EXPECT_EQ(all.in_flight[s], partition::gpipe_in_flight(shape));
      EXPECT_EQ(alternating.in_flight[s], partition::one_f_one_b_in_flight(shape, s));
    }
  }
}

TEST(schedule, bubbles_are_the_published_fractions) {
  EXPECT_DOUBLE_EQ((pipeline_shape{4, 8}.bubble_overhead()), 3.0 / 8);
  EXPECT_DOUBLE_EQ((pipeline_shape{4, 8}.idle_fraction()), 3.0 / 11);
  EXPECT_DOUBLE_EQ((pipeline_shape{4, 4}.idle_fraction()), 3.0 / 7);
  EXPECT_DOUBLE_EQ((pipeline_shape{8, 32}.bubble_overhead()), 7.0 / 32);
  EXPECT_DOUBLE_EQ((pipeline_shape{8, 32}.idle_fraction()), 7.0 / 39);
  EXPECT_DOUBLE_EQ((pipeline_shape{4, 8, 2}.bubble_overhead()), 3.0 / 16);
  EXPECT_DOUBLE_EQ((pipeline_shape{4, 8, 4}.bubble_overhead()), 3.0 / 32);
}

TEST(schedule, interleaving_shortens_the_bubble_and_holds_more) {
  using held = std::vector<std::uint32_t>;
  for (const auto& [shape, makespan, in_flight] :
       {std::tuple{pipeline_shape{4, 8, 2}, 28.5, held{11, 9, 7, 5}},
        {pipeline_shape{4, 4, 2}, 16.5, held{8, 8, 7, 5}},
        {pipeline_shape{2, 4, 2}, 13.5, held{5, 3}},
        {pipeline_shape{4, 8, 4}, 26.25, held{19, 17, 15, 13}}}) {
    EXPECT_DOUBLE_EQ(shape.makespan(3), makespan);
    const auto seen = simulate(shape, interleaved, 1, 2);
    EXPECT_DOUBLE_EQ(seen.makespan, makespan);
    EXPECT_EQ(seen.in_flight, in_flight);
    for (std::uint32_t s = 0; s < shape.stages; ++s) {
      EXPECT_EQ(partition::interleaved_in_flight(shape, s), in_flight[s]);
    }
  }
  EXPECT_THROW(static_cast<void>(partition::interleaved_in_flight({4, 6, 2}, 0)),
               partition::bad_partition);
}

// A step needs that of the stage before it, and no stage does two at a time.
void expect_sound(const std::vector<pipeline_step>& steps) {
  std::map<std::pair<std::uint64_t, std::uint32_t>, int> busy;
  std::map<std::tuple<std::uint32_t, std::uint64_t, std::uint32_t>, std::uint64_t> at;
  for (const auto& step : steps) {
    EXPECT_EQ((++busy[{step.tick, step.stage}]), 1);
    at[{step.pass, step.first_token, step.stage}] = step.tick;
  }
  for (const auto& step : steps) {
    if (step.stage == 0) continue;
    EXPECT_LT((at.at({step.pass, step.first_token, step.stage - 1})), step.tick);
  }
}

TEST(schedule, forward_passes_follow_each_other_without_gaps) {
  for (const auto& [stages, passes, ticks] :
       {std::tuple{4U, 8U, 11U}, {4U, 4U, 7U}, {2U, 4U, 5U}, {8U, 32U, 39U}}) {
    const auto steps = partition::forward_steps(stages, passes, 5);
    EXPECT_EQ(steps.size(), std::size_t{stages} * passes);
    EXPECT_EQ(steps.back().tick + 1, ticks);
    EXPECT_DOUBLE_EQ((pipeline_shape{stages, passes}.makespan(1)), ticks);
    expect_sound(steps);
  }
  EXPECT_TRUE(partition::forward_steps(4, 0, 5).empty());
}

TEST(schedule, chunks_of_a_prompt_cover_it_once) {
  const auto steps = partition::prefill_steps(2, 10, 4);
  EXPECT_EQ(steps, (std::vector<pipeline_step>{{0, 0, 0, 0, 4},
                                               {1, 0, 1, 4, 4},
                                               {1, 1, 0, 0, 4},
                                               {2, 0, 2, 8, 2},
                                               {2, 1, 1, 4, 4},
                                               {3, 1, 2, 8, 2}}));
  EXPECT_THROW(static_cast<void>(partition::prefill_steps(2, 10, 0)), partition::bad_partition);
}

TEST(schedule, a_token_waits_for_its_predecessor) {
  for (const auto& [stages, groups] : {std::pair{4U, 1U}, {4U, 3U}, {4U, 4U}, {3U, 7U}}) {
    const std::uint64_t tokens = 50;
    const auto steps = partition::decode_steps(stages, groups, tokens);
    expect_sound(steps);
    EXPECT_EQ(steps.size(), stages * groups * tokens);
    std::map<std::uint32_t, std::uint64_t> left;  // when a group's last token left the pipeline
    for (const auto& step : steps) {
      if (step.stage == 0 && step.first_token > 0) {
        EXPECT_GT(step.tick, left.at(step.pass));
      }
      if (step.stage + 1 == stages) left[step.pass] = step.tick;
    }
    const auto used = double(groups * tokens) / double(steps.back().tick + 1);
    EXPECT_NEAR(used, partition::decode_utilisation(stages, groups), 0.02);
  }
  EXPECT_EQ(partition::decode_utilisation(4, 1), 0.25) << "one sequence uses one stage at a time";
}

}  // namespace
}  // namespace kvfolio::test
