// SPDX-License-Identifier: Apache-2.0
// Plans against all plans there are, and against those of the peers' rules.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/equal_stages.hpp>
#include <kvfolio/partition/planner.hpp>
#include <kvfolio/partition/weighted_stages.hpp>

#include "../support/planning.hpp"
#include "../support/sanitized.hpp"

namespace kvfolio::test {
namespace {

namespace kp = partition;
using kp::plan_goal;

// Under a sanitizer a plan takes twenty times as long, and a few of them show what it is for.
constexpr int fewer = sanitized ? 20 : 1;

// Calls `visit(split)` for every split of `layers` into `count` stages.
void for_each_split(std::uint32_t layers, std::size_t count, kp::stages& made,
                    const std::function<void(const kp::stages&)>& visit) {
  if (made.size() + 1 == count) {
    made.push_back(layers);
    visit(made);
    made.pop_back();
    return;
  }
  for (std::uint32_t here = 1; here + (count - made.size() - 1) <= layers; ++here) {
    made.push_back(here);
    for_each_split(layers - here, count, made, visit);
    made.pop_back();
  }
}

// The least seconds of one pipeline on exactly the devices of `left`, behind `groups`.
double exhaust(kp::pipeline_solver& planner, std::uint32_t layers, std::uint32_t left,
               kp::device_groups& groups) {
  double best = kp::never;
  if (left == 0) {
    if (groups.size() > layers) return best;
    kp::stages made;
    for_each_split(layers, groups.size(), made, [&](const kp::stages& split) {
      if (const auto plan = planner.with(groups, split)) best = std::min(best, plan->seconds);
    });
    return best;
  }
  for (auto part = left; part != 0; part = (part - 1) & left) {
    std::vector<std::uint32_t> group;
    for (std::uint32_t i = 0; i < 8; ++i) {
      if ((part >> i & 1U) != 0) group.push_back(i);
    }
    groups.push_back(group);
    best = std::min(best, exhaust(planner, layers, left ^ part, groups));
    groups.pop_back();
  }
  return best;
}

// The most requests a second of any replicas in `left`.
double most_rate(const std::vector<double>& seconds, std::uint32_t left) {
  double most = 0;
  for (auto part = left; part != 0; part = (part - 1) & left) {
    const auto here = seconds[part] == kp::never ? 0 : 1 / seconds[part];
    most = std::max(most, here + most_rate(seconds, left ^ part));
  }
  return most;
}

TEST(planner_property, equals_brute_force_on_small_instances) {
  std::mt19937_64 random{41};
  for (int round = 0; round < 300 / fewer; ++round) {
    SCOPED_TRACE(round);
    // Most are small, so that all of them can be gone through; some are as large as promised.
    const bool large = round % 8 == 0;
    const auto [model, where, work] = random_instance(random, large ? 5 : 3, large ? 10 : 6);
    const auto layers = static_cast<std::uint32_t>(model.layers.size());
    const auto all = (std::uint32_t{1} << where.devices().size()) - 1;
    for (const auto goal : {plan_goal::latency, plan_goal::throughput}) {
      kp::pipeline_solver every{model, where, work, goal};
      std::vector<double> seconds(all + 1, kp::never);
      for (std::uint32_t set = 1; set <= all; ++set) {
        kp::device_groups groups;
        seconds[set] = exhaust(every, layers, set, groups);
      }
      const auto least = goal == plan_goal::latency ? *std::ranges::min_element(seconds)
                                                    : 1 / most_rate(seconds, all);
      try {
        const auto found = kp::plan(model, where, work, goal);
        ASSERT_NEAR(found.seconds, least, least * 1e-9);
      } catch (const kp::bad_partition& error) {
        ASSERT_EQ(error.reason(), kp::refusal::no_memory) << error.what();
        ASSERT_EQ(least, kp::never);
      }
    }
  }
}

TEST(planner_property, is_never_worse_than_the_rules_of_its_peers) {
  std::mt19937_64 random{43};
  int compared = 0;
  for (int round = 0; round < 1000 / fewer; ++round) {
    SCOPED_TRACE(round);
    const auto [model, where, work] = random_instance(random, 9, 16);
    const auto layers = static_cast<std::uint32_t>(model.layers.size());
    const auto count = static_cast<std::uint32_t>(where.devices().size());
    const auto goal = round % 2 == 0 ? plan_goal::latency : plan_goal::throughput;
    kp::pipeline_solver peers{model, where, work, goal};
    double best_rule = kp::never;
    for (std::uint32_t tensor = 1; tensor <= count; ++tensor) {
      kp::device_groups groups;
      std::vector<double> memory;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (i % tensor == 0) groups.emplace_back(), memory.push_back(0);
        groups.back().push_back(i);
        memory.back() += static_cast<double>(where.devices()[i].memory);
      }
      const auto stages = static_cast<std::uint32_t>(groups.size());
      const std::function<kp::stages()> rules[] = {
          [&] { return kp::rule::vllm(layers, stages); },
          [&] { return kp::rule::trtllm(layers, stages); },
          [&] { return kp::rule::megatron(layers, stages); },
          [&] { return kp::rule::deepspeed_uniform(layers, stages); },
          [&] { return kp::rule::llamacpp(layers, memory).layers; },
          [&] { return kp::rule::exo(layers, memory); },
      };
      for (const auto& rule : rules) {
        try {
          if (const auto plan = peers.with(groups, rule())) {
            best_rule = std::min(best_rule, plan->seconds);
          }
        } catch (const kp::bad_partition&) {
          continue;  // the rule has no answer
        }
      }
    }
    if (best_rule == kp::never) continue;
    ++compared;
    ASSERT_LE(kp::plan(model, where, work, goal).seconds, best_rule * (1 + 1e-9));
  }
  EXPECT_GT(compared, 500 / fewer) << "most instances must be of some use";
}

}  // namespace
}  // namespace kvfolio::test
