// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/model/architecture.hpp>
#include <kvfolio/partition/device.hpp>
#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/optimal_stages.hpp>
#include <kvfolio/partition/pipeline_solver.hpp>
#include <kvfolio/partition/plan.hpp>
#include <kvfolio/partition/stage_costs.hpp>

namespace kvfolio::partition {

/// Plans for one model, cluster, workload and goal.
///
/// The layers of a given row of groups are split exactly. Which devices form groups, in what order,
/// and how many replicas there are, is tried out whole for a few devices; for many, rows are made
/// of equal groups, in the given order and by memory and bandwidth, dealt to 1, 2, 4, ... replicas.
class planner {
 public:
  /// As `pipeline_solver`.
  planner(const model::architecture& model, const cluster& where, const workload& work,
          plan_goal goal)
      : solver_{model, where, work, goal} {}

  /// Returns the best plan. \throws bad_partition if none fits, saying by how much, and what would
  [[nodiscard]] plan_result best() {
    const auto count = static_cast<std::uint32_t>(solver_.where().devices().size());
    if (small(count)) try_everything(count);
    try_rows(count);
    if (!best_) refuse();
    auto found = *std::move(best_);
    found.runner_up = tell_runner_up(found);
    found.meets_rate = solver_.work().rate <= found.throughput();
    return found;
  }

 private:
  // Keeps a plan if it is the best, or the best of its shape.
  void consider(std::vector<pipeline> replicas) {
    if (solver_.goal() == plan_goal::latency && replicas.size() > 1) {
      const auto fastest = std::ranges::min_element(
          replicas, {}, [this](const pipeline& each) { return solver_.seconds_of(each.split); });
      replicas = {std::move(*fastest)};
    }
    const auto taken = solver_.seconds_of(replicas);
    std::string shape;  // cheaper than a plan's own
    for (const auto& each : replicas) {
      for (const auto& group : each.groups) shape += std::to_string(group.size()) + '+';
      shape += '|';
    }
    const auto known = by_shape_.find(shape);
    if (known != by_shape_.end() && known->second.first <= taken) return;
    by_shape_.insert_or_assign(shape, std::pair{taken, replicas});
    if (!best_ || taken < best_->seconds) best_ = solver_.made_of(replicas);
  }

  // All ordered groupings of a few devices: 1,081 for five.
  [[nodiscard]] bool small(std::uint32_t count) const noexcept {
    static constexpr std::uint64_t groupings[] = {0, 1, 4, 22, 150, 1'081, 9'366};
    const auto layers = solver_.layers();
    return count < std::size(groupings) && groupings[count] * layers * layers <= 2'000'000;
  }

  void try_everything(std::uint32_t count) {
    const auto subsets = std::uint32_t{1} << count;
    std::vector<std::optional<pipeline>> alone(subsets);  // the best pipeline of each set
    for (std::uint32_t set = 1; set < subsets; ++set) {
      device_groups groups;
      try_orders(set, groups, alone[set]);
      if (alone[set]) consider({*alone[set]});
    }
    if (solver_.goal() == plan_goal::latency) return;
    std::vector<double> rate(subsets);  // the most requests a second of replicas in each set
    std::vector<std::uint32_t> taken(subsets);
    for (std::uint32_t set = 1; set < subsets; ++set) {
      const auto lowest = set & (~set + 1);
      rate[set] = rate[set ^ lowest];
      for (auto part = set; part != 0; part = (part - 1) & set) {
        if ((part & lowest) == 0 || !alone[part]) continue;
        const auto sum = rate[set ^ part] + 1 / solver_.seconds_of(alone[part]->split);
        if (sum > rate[set]) rate[set] = sum, taken[set] = part;
      }
    }
    std::vector<pipeline> replicas;
    for (auto left = subsets - 1; left != 0;) {
      const auto part = taken[left];
      if (part != 0) replicas.push_back(*alone[part]);
      left ^= part != 0 ? part : left & (~left + 1);
    }
    if (!replicas.empty()) consider(std::move(replicas));
  }

  void try_orders(std::uint32_t left, device_groups& groups, std::optional<pipeline>& best) {
    if (left == 0) {
      const auto split = solver_.solve(groups);
      if (split && (!best || solver_.seconds_of(*split) < solver_.seconds_of(best->split))) {
        best = pipeline{groups, *split};
      }
      return;
    }
    for (auto part = left; part != 0; part = (part - 1) & left) {
      std::vector<std::uint32_t> group;
      for (auto rest = part; rest != 0; rest &= rest - 1) {
        group.push_back(static_cast<std::uint32_t>(std::countr_zero(rest)));
      }
      groups.push_back(std::move(group));
      try_orders(left ^ part, groups, best);
      groups.pop_back();
    }
  }

  void try_rows(std::uint32_t count) {
    const auto& devices = solver_.where().devices();
    std::vector<std::uint32_t> given(count);
    std::iota(given.begin(), given.end(), 0U);
    auto by_memory = given;
    std::ranges::stable_sort(by_memory, std::greater<>{},
                             [&](std::uint32_t each) { return devices[each].memory; });
    auto by_bandwidth = given;
    std::ranges::stable_sort(by_bandwidth, std::greater<>{},
                             [&](std::uint32_t each) { return devices[each].bandwidth; });
    for (std::uint32_t size = 1; size <= count; size = next_size(size, count)) {
      const auto groups = ceil_div(count, size);
      for (std::uint32_t replicas = 1; replicas <= groups; replicas = next_size(replicas, groups)) {
        try_row(given, size, replicas, false);
        for (const auto& order : {by_memory, by_bandwidth}) {
          if (order != given || replicas > 1) try_row(order, size, replicas, true);
        }
      }
    }
  }

  // Every number up to 8, then powers of two, and the last.
  static std::uint32_t next_size(std::uint32_t size, std::uint32_t last) noexcept {
    if (size < 8) return size + 1;
    const auto next = std::bit_ceil(size + 1);
    return size < last && next > last ? last : next;
  }

  // Cuts a row of devices into groups, and deals these to replicas in turn, or in blocks.
  void try_row(const std::vector<std::uint32_t>& order, std::uint32_t size, std::uint32_t replicas,
               bool in_turn) {
    device_groups groups;
    for (std::size_t i = 0; i < order.size(); i += size) {
      const auto end = std::min(order.size(), i + size);
      groups.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(i),
                          order.begin() + static_cast<std::ptrdiff_t>(end));
    }
    std::vector<device_groups> rows(replicas);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      rows[in_turn ? i % replicas : i * replicas / groups.size()].push_back(groups[i]);
    }
    std::vector<pipeline> whole;
    std::vector<pipeline> fewer;
    for (const auto& each : rows) {
      const auto split = solver_.solve(each);
      if (split) whole.push_back({each, *split});
      auto less = each.size() > 1 ? solver_.solve_with_fewer(each) : std::nullopt;
      if (less && (!split || solver_.seconds_of(less->split) < solver_.seconds_of(*split))) {
        fewer.push_back(*std::move(less));
      } else if (split) {
        fewer.push_back({each, *split});
      }
    }
    if (!whole.empty()) consider(std::move(whole));
    if (!fewer.empty()) consider(std::move(fewer));
  }

  [[noreturn]] void refuse() {
    std::string advice = "; quantise the weights, shorten prompts or outputs, or add devices";
    if (solver_.nearest()) {
      auto less = solver_.work();  // the longest context that would fit the nearest plan
      for (std::uint64_t prompt = solver_.work().prompt / 2; prompt > 0; prompt /= 2) {
        less.prompt = prompt;
        pipeline_solver shorter{solver_.model(), solver_.where(), less, solver_.goal()};
        if (!shorter.with(solver_.nearest()->groups, solver_.nearest()->split.layers)) continue;
        advice = "; prompts of " + std::to_string(prompt) + " tokens would fit" + advice;
        break;
      }
    }
    throw bad_partition(
        refusal::no_memory,
        "no plan fits" +
            (solver_.nearest() ? "; the nearest, stages of " +
                                     to_text(solver_.nearest()->split.layers) + " layers, lacks " +
                                     std::to_string(static_cast<std::uint64_t>(
                                         solver_.nearest()->split.longest)) +
                                     " bytes on a device"
                               : std::string{}) +
            advice);
  }

  [[nodiscard]] std::string tell_runner_up(const plan_result& best) {
    std::optional<plan_result> second;
    std::vector<std::pair<double, const std::vector<pipeline>*>> others;
    for (const auto& [shape, held] : by_shape_) others.emplace_back(held.first, &held.second);
    std::ranges::sort(others, {}, [](const auto& each) { return each.first; });
    for (const auto& [taken, replicas] : others) {
      auto candidate = solver_.made_of(*replicas);
      if (candidate.shape() == best.shape()) continue;
      second = std::move(candidate);
      break;
    }
    if (!second) return "no other shape fits";
    const auto text = [](double seconds) { return std::to_string(seconds) + " s"; };
    return second->shape() + ": " + text(second->seconds) + " for each request instead of " +
           text(best.seconds) + "; of each request " + text(second->communicating()) +
           " are communication instead of " + text(best.communicating());
  }

  pipeline_solver solver_;
  std::map<std::string, std::pair<double, std::vector<pipeline>>> by_shape_;
  std::optional<plan_result> best_;
};

/// Returns the best plan for `goal`. Under a second for 64 devices and 128 layers.
/// \throws bad_partition if none fits, saying by how much, and what would
[[nodiscard]] inline plan_result plan(const model::architecture& model, const cluster& where,
                                      const workload& work, plan_goal goal) {
  return planner{model, where, work, goal}.best();
}

/// Returns the plan with the least latency if it serves the workload's rate, else that with the
/// most throughput. \throws bad_partition as above
[[nodiscard]] inline plan_result plan(const model::architecture& model, const cluster& where,
                                      const workload& work) {
  auto fastest = plan(model, where, work, plan_goal::latency);
  return fastest.meets_rate ? fastest : plan(model, where, work, plan_goal::throughput);
}

}  // namespace kvfolio::partition
