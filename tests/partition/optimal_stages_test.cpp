// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/optimal_stages.hpp>

namespace kvfolio::test {
namespace {

using partition::devices_used;
using partition::never;
using partition::objective;
using partition::optimal_stages;
using partition::stage_device;
using partition::stages;

double bottleneck(const std::vector<double>& costs, std::size_t count) {
  return optimal_stages({.costs = costs}, std::vector<stage_device>(count), objective::bottleneck)
      .longest;
}

TEST(optimal_stages, the_longest_stage_is_as_short_as_can_be) {
  const std::vector<double> rising{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(bottleneck(rising, 3), 9);
  EXPECT_EQ(
      optimal_stages({.costs = rising}, std::vector<stage_device>(3), objective::bottleneck).layers,
      (stages{3, 2, 1}));
  EXPECT_EQ(bottleneck({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4}, 4), 4);
  EXPECT_EQ(bottleneck({5, 1, 1, 1, 1, 1, 5}, 3), 5);
}

// Alpa's total for 8 micro-batches.
TEST(optimal_stages, the_total_is_the_sum_and_the_longest_for_every_other_pass) {
  const std::vector<double> rising{1, 2, 3, 4, 5, 6};
  const auto total = [&](std::size_t count) {
    const auto best = optimal_stages({.costs = rising}, std::vector<stage_device>(count),
                                     objective::throughput, 8);
    return best.sum + 7 * best.longest;
  };
  EXPECT_EQ(total(1), 168);
  EXPECT_EQ(total(2), 98);
  EXPECT_EQ(total(3), 84);
  EXPECT_EQ(total(4), 63);
}

TEST(optimal_stages, faster_devices_have_more_and_small_ones_less) {
  const std::vector<double> costs(12, 1.0);
  const std::vector<std::uint64_t> bytes(12, 10);
  const std::vector<stage_device> devices{{.speed = 2}, {.speed = 1}};
  EXPECT_EQ(optimal_stages({.costs = costs}, devices, objective::bottleneck).layers,
            (stages{8, 4}));
  const std::vector<stage_device> small{{.speed = 2, .memory = 75}, {.speed = 1, .memory = 75}};
  EXPECT_EQ(
      optimal_stages({.costs = costs, .bytes = bytes, .input_bytes = 9}, small, objective::latency)
          .layers,
      (stages{6, 6}));
}

TEST(optimal_stages, a_device_that_costs_more_than_it_gives_can_be_left_out) {
  const std::vector<double> costs(4, 1.0);
  const std::vector<stage_device> devices{{.speed = 1}, {.speed = 0.1, .receiving = 5}};
  EXPECT_EQ(optimal_stages({.costs = costs}, devices, objective::latency).layers, (stages{3, 1}));
  EXPECT_EQ(
      optimal_stages({.costs = costs}, devices, objective::latency, 1, devices_used::some).layers,
      (stages{4, 0}));
}

TEST(optimal_stages, what_does_not_fit_is_refused_with_what_is_missing) {
  const std::vector<double> costs(4, 1.0);
  const std::vector<std::uint64_t> bytes(4, 100);
  const std::vector<stage_device> devices{{.memory = 250}, {.memory = 130}};
  try {
    static_cast<void>(
        optimal_stages({.costs = costs, .bytes = bytes}, devices, objective::latency));
    FAIL();
  } catch (const partition::bad_partition& error) {
    EXPECT_EQ(error.reason(), partition::refusal::no_memory);
    EXPECT_NE(std::string{error.what()}.find("lacks 50 bytes"), std::string::npos) << error.what();
  }
  EXPECT_THROW(static_cast<void>(optimal_stages({.costs = costs}, std::vector<stage_device>(5),
                                                objective::latency)),
               partition::bad_partition);
  EXPECT_THROW(
      static_cast<void>(optimal_stages({.costs = costs, .bytes = std::span{bytes}.first(2)},
                                       devices, objective::latency)),
      partition::bad_partition);
}

// Calls `visit(split)` for every split of `layers` over `devices`.
void for_each_split(std::uint32_t layers, std::uint32_t devices, std::uint32_t least,
                    const std::function<void(const stages&)>& visit, stages& made) {
  if (made.size() + 1 == devices) {
    if (layers < least) return;
    made.push_back(layers);
    visit(made);
    made.pop_back();
    return;
  }
  for (auto here = least; here <= layers; ++here) {
    made.push_back(here);
    for_each_split(layers - here, devices, least, visit, made);
    made.pop_back();
  }
}

TEST(optimal_stages, equal_brute_force_for_every_objective) {
  std::mt19937_64 random{23};
  for (int round = 0; round < 600; ++round) {
    SCOPED_TRACE(round);
    const auto layers = static_cast<std::uint32_t>(random() % 10 + 1);
    const auto count = static_cast<std::uint32_t>(random() % std::min(5U, layers) + 1);
    const auto used = random() % 2 == 0 ? devices_used::all : devices_used::some;
    std::vector<double> costs;
    std::vector<std::uint64_t> bytes;
    for (std::uint32_t i = 0; i < layers; ++i) {
      costs.push_back(double(random() % 20 + 1));
      bytes.push_back(random() % 10 + 1);
    }
    std::vector<stage_device> devices;
    for (std::uint32_t i = 0; i < count; ++i) {
      devices.push_back({double(random() % 4 + 1), random() % 40 + 5, double(random() % 6)});
    }
    const partition::stage_problem problem{costs, bytes, 2, 3, 1, 4};
    const std::uint64_t passes = random() % 9 + 1;
    const auto value = [&](objective wanted, double sum, double longest) {
      return wanted == objective::latency      ? sum
             : wanted == objective::bottleneck ? longest
                                               : sum + double(passes - 1) * longest;
    };
    for (const auto wanted : {objective::latency, objective::bottleneck, objective::throughput}) {
      double best = never;
      stages made;
      for_each_split(
          layers, count, used == devices_used::all ? 1 : 0,
          [&](const stages& split) {
            double sum = 0;
            double longest = 0;
            std::uint32_t first = 0;
            for (std::uint32_t i = 0; i < count; ++i) {
              if (split[i] == 0) continue;
              double work = first == 0 ? 2 : 0;
              std::uint64_t held = first == 0 ? 1 : 0;
              const auto end = first + split[i];
              for (auto layer = first; layer < end; ++layer) {
                work += costs[layer];
                held += bytes[layer];
              }
              if (end == layers) work += 3, held += 4;
              const auto time =
                  held > devices[i].memory
                      ? never
                      : work / devices[i].speed + (first == 0 ? 0 : devices[i].receiving);
              sum += time;
              longest = std::max(longest, time);
              first = end;
            }
            best = std::min(best, value(wanted, sum, longest));
          },
          made);
      try {
        const auto found = optimal_stages(problem, devices, wanted, passes, used);
        ASSERT_NEAR(value(wanted, found.sum, found.longest), best, 1e-9);
      } catch (const partition::bad_partition&) {
        ASSERT_EQ(best, never);
      }
    }
  }
}

}  // namespace
}  // namespace kvfolio::test
