// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <kvfolio/model/architecture.hpp>
#include <kvfolio/partition/device.hpp>
#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/optimal_stages.hpp>
#include <kvfolio/partition/plan.hpp>
#include <kvfolio/partition/stage_costs.hpp>

namespace kvfolio::partition {

/// Devices that follow each other in a pipeline, those of each stage together.
using device_groups = std::vector<std::vector<std::uint32_t>>;

/// A row of groups, and the layers of each.
struct pipeline {
  device_groups groups{};  ///< from the embedding to the head
  staged split{};          ///< layers of each, and what they take for each request
};

/// Splits the layers of one model over given rows of groups, exactly, and remembers what it has
/// solved: equal groups have equal costs. The model and the cluster must outlive it.
class pipeline_solver {
 public:
  /// \throws bad_partition if there is no device, or the workload asks for no output
  pipeline_solver(const model::architecture& model, const cluster& where, const workload& work,
                  plan_goal goal)
      : model_{model}, where_{where}, work_{work}, goal_{goal} {
    model::check(model);
    if (where.devices().empty()) throw bad_partition(refusal::bad_input, "a plan needs devices");
    if (work.output == 0 || work.prompt == 0 || work.batch == 0) {
      throw bad_partition(refusal::bad_input,
                          "a workload needs a prompt, an output and a batch of at least 1");
    }
    for (const auto& each : where.devices()) {
      if (!(each.flops > 0 && each.bandwidth > 0)) {
        throw bad_partition(refusal::bad_input,
                            each.name + " computes or reads nothing; give flops and bandwidth");
      }
    }
    modes_ = stage_modes(model, work, static_cast<std::uint32_t>(where.devices().size()));
  }

  /// What it is for.
  [[nodiscard]] const cluster& where() const noexcept { return where_; }
  /// \overload
  [[nodiscard]] const model::architecture& model() const noexcept { return model_; }
  /// \overload
  [[nodiscard]] const workload& work() const noexcept { return work_; }
  /// \overload
  [[nodiscard]] plan_goal goal() const noexcept { return goal_; }
  /// \overload
  [[nodiscard]] std::uint32_t layers() const noexcept {
    return static_cast<std::uint32_t>(model_.layers.size());
  }

  /// Returns a plan of one replica with these groups and stages; nothing if it does not fit. For
  /// comparisons. Precondition: as many stages as groups, none empty, all layers.
  [[nodiscard]] std::optional<plan_result> with(const device_groups& groups, const stages& split) {
    std::uint32_t first = 0;
    staged given{split, 0, 0};
    const auto here = row_of(groups);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto taken = here.cost(i, first, first + split[i]);
      if (taken == never) return std::nullopt;
      given.sum += taken;
      given.longest = std::max(given.longest, taken);
      first += split[i];
    }
    return made_of({{groups, given}});
  }

  /// Returns the best split over these groups, all of them used; nothing if none fits.
  [[nodiscard]] std::optional<staged> solve(const device_groups& groups) {
    if (groups.size() > layers()) return std::nullopt;
    const auto here = row_of(groups);
    auto key = std::tuple{here.costs, here.waiting};
    if (const auto found = solved_.find(key); found != solved_.end()) return found->second;
    const auto cost = [&here](std::uint32_t group, std::uint32_t first, std::uint32_t end) {
      return here.cost(group, first, end);
    };
    const auto count = static_cast<std::uint32_t>(groups.size());
    auto split = goal_ == plan_goal::latency
                     ? least_sum(layers(), count, cost, devices_used::all, never)
                     : least_bottleneck(layers(), count, cost);
    if (!split) note_missing(groups, here);
    return solved_.emplace(std::move(key), std::move(split)).first->second;
  }

  /// Returns the best split without the groups that cost more than they give, if there are any.
  [[nodiscard]] std::optional<pipeline> solve_with_fewer(const device_groups& groups) {
    const auto here = row_of(groups);
    const auto cost = [&here](std::uint32_t group, std::uint32_t first, std::uint32_t end) {
      return here.cost(group, first, end);
    };
    const auto count = static_cast<std::uint32_t>(groups.size());
    const auto split = goal_ == plan_goal::latency
                           ? least_sum(layers(), count, cost, devices_used::some, never)
                           : least_bottleneck(layers(), count, cost, devices_used::some);
    if (!split) return std::nullopt;
    device_groups kept;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (split->layers[i] != 0) kept.push_back(groups[i]);
    }
    if (kept.size() == groups.size()) return std::nullopt;
    const auto exact = solve(kept);
    if (!exact) return std::nullopt;
    return pipeline{std::move(kept), *exact};
  }

  /// Returns the seconds that `split` takes for each request.
  [[nodiscard]] double seconds_of(const staged& split) const noexcept {
    return goal_ == plan_goal::latency ? split.sum : split.longest;
  }

  /// Returns the seconds for each request of replicas together: of the fastest alone, or of all
  /// side by side.
  [[nodiscard]] double seconds_of(const std::vector<pipeline>& replicas) const noexcept {
    double least = never;
    double rate = 0;
    for (const auto& each : replicas) {
      least = std::min(least, seconds_of(each.split));
      rate += 1 / seconds_of(each.split);
    }
    return goal_ == plan_goal::latency ? least : 1 / rate;
  }

  /// Returns the plan of these replicas.
  [[nodiscard]] plan_result made_of(const std::vector<pipeline>& replicas) {
    plan_result made;
    made.goal = goal_;
    made.seconds = seconds_of(replicas);
    for (const auto& [groups, split] : replicas) {
      const auto here = row_of(groups);
      planned_replica replica{{}, split.sum, split.longest};
      std::uint32_t first = 0;
      for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto end = first + split.layers[i];
        const auto* const by = here.costs[i]->best(first, end, here.passes);
        replica.stages.push_back({groups[i],
                                  by->mode,
                                  {first, end - first},
                                  here.costs[i]->memory(*by, first, end, here.passes),
                                  by->time[end] - by->time[first],
                                  here.receiving[i],
                                  here.cost(i, first, end)});
        first = end;
      }
      made.replicas.push_back(std::move(replica));
    }
    return made;
  }

  /// Returns the row that lacked least, with the bytes that it lacks as its longest stage; nothing
  /// if no row has been looked at that does not fit.
  [[nodiscard]] const std::optional<pipeline>& nearest() const noexcept { return nearest_; }

 private:
  // Groups with their costs, and what each takes to receive a request from the one before it.
  struct row {
    std::vector<const stage_costs*> costs;
    std::vector<stage_time> receiving;
    std::vector<double> waiting;  // seconds for each request
    std::uint64_t passes;         // in flight

    [[nodiscard]] double cost(std::size_t group, std::uint32_t first, std::uint32_t end) const {
      return costs[group]->cost(first, end, passes) + (first == 0 ? 0 : waiting[group]);
    }
  };
  // Equal groups have equal costs, so one table serves them all.
  const stage_costs& costs_of(const std::vector<std::uint32_t>& group) {
    std::vector<std::tuple<std::uint64_t, double, double>> kinds;
    for (const auto each : group) {
      const auto& on = where_.devices()[each];
      kinds.emplace_back(on.memory, on.flops, on.bandwidth);
    }
    std::ranges::sort(kinds);
    const auto inside = where_.slowest_inside(group);
    auto key = std::tuple{std::move(kinds), inside.bandwidth, inside.latency};
    const auto found = tables_.find(key);
    if (found != tables_.end()) return found->second;
    return tables_.emplace(std::move(key), stage_costs{model_, where_, group, work_, goal_, modes_})
        .first->second;
  }

  row row_of(const device_groups& groups) {
    row made{{}, {}, {}, goal_ == plan_goal::latency ? 1 : groups.size()};
    const auto element = static_cast<double>(bits_of(work_.type)) / 8;
    const auto token = static_cast<double>(model_.hidden) * element;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto& costs = costs_of(groups[i]);
      made.costs.push_back(&costs);
      stage_time received;
      if (i > 0) {
        const auto batch = static_cast<double>(costs.batch());
        received.prefill =
            where_.hand_over(groups[i - 1], groups[i], static_cast<double>(work_.prompt) * token);
        received.decode = where_.hand_over(groups[i - 1], groups[i], batch * token);
        received.communicating = costs.seconds(received);
      }
      made.receiving.push_back(received);
      made.waiting.push_back(received.communicating);
    }
    return made;
  }

  void note_missing(const device_groups& groups, const row& here) {
    const auto lacks = [&here](std::uint32_t group, std::uint32_t first, std::uint32_t end) {
      return here.costs[group]->missing(first, end, here.passes);
    };
    if (missing_rows_ > 64) return;  // it is enough to have something to say
    ++missing_rows_;
    const auto nearest =
        least_bottleneck(layers(), static_cast<std::uint32_t>(groups.size()), lacks);
    if (nearest && (!nearest_ || nearest->longest < nearest_->split.longest)) {
      nearest_ = {groups, *nearest};
    }
  }

  const model::architecture& model_;
  const cluster& where_;
  workload work_;
  plan_goal goal_;
  std::vector<stage_mode> modes_;
  using kind = std::tuple<std::uint64_t, double, double>;
  std::map<std::tuple<std::vector<kind>, double, double>, stage_costs> tables_;
  std::map<std::tuple<std::vector<const stage_costs*>, std::vector<double>>, std::optional<staged>>
      solved_;
  std::optional<pipeline> nearest_;
  std::uint32_t missing_rows_ = 0;
};

}  // namespace kvfolio::partition
