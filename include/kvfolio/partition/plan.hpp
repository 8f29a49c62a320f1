// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <kvfolio/model/architecture.hpp>
#include <kvfolio/model/capacity.hpp>
#include <kvfolio/partition/collective.hpp>
#include <kvfolio/partition/device.hpp>
#include <kvfolio/partition/index_range.hpp>
#include <kvfolio/partition/stage_costs.hpp>

namespace kvfolio::partition {

/// One stage of a plan.
struct planned_stage {
  std::vector<std::uint32_t> devices{};  ///< by their numbers
  stage_mode mode{};                     ///< how they share it
  index_range layers{};                  ///< consecutive
  model::memory_parts memory{};          ///< of each of its devices
  stage_time time{};                     ///< without what it receives
  stage_time receiving{};                ///< from the stage before it
  double seconds = 0;                    ///< of both, for each request
};

/// One copy of the model.
struct planned_replica {
  std::vector<planned_stage> stages{};  ///< from the embedding to the head
  double sum = 0;                       ///< seconds that one request spends in all stages
  double longest = 0;                   ///< and in the stage that takes longest

  /// Seconds until a request has its first token, if nobody is in its way.
  [[nodiscard]] double time_to_first_token() const noexcept {
    double sum_of = 0;
    for (const auto& each : stages) sum_of += each.time.prefill + each.receiving.prefill;
    return sum_of;
  }
  /// Seconds for each token after that, with `passes` passes in the pipeline.
  [[nodiscard]] double time_per_output_token(std::uint64_t passes) const noexcept {
    double sum_of = 0;
    double slowest = 0;
    for (const auto& each : stages) {
      const auto taken = each.time.decode + each.receiving.decode;
      sum_of += taken;
      slowest = std::max(slowest, taken);
    }
    return std::max(sum_of, static_cast<double>(passes) * slowest);
  }
};

/// How a cluster serves a model.
struct plan_result {
  plan_goal goal = plan_goal::latency;      ///< what it makes good
  std::vector<planned_replica> replicas{};  ///< at least one
  double seconds = 0;                       ///< for each request: of its time, or of the cluster's
  std::string runner_up{};                  ///< the best plan of another shape, and why it lost
  bool meets_rate = true;                   ///< of the workload

  /// Requests a second: one after the other, or as many as go through all replicas.
  [[nodiscard]] double throughput() const noexcept { return 1 / seconds; }
  /// The longest of all replicas.
  [[nodiscard]] double time_to_first_token() const noexcept {
    double most = 0;
    for (const auto& each : replicas) most = std::max(most, each.time_to_first_token());
    return most;
  }
  /// The longest of all replicas, with a pass in every stage if throughput is wanted.
  [[nodiscard]] double time_per_output_token() const noexcept {
    double most = 0;
    for (const auto& each : replicas) {
      const auto passes = goal == plan_goal::latency ? 1 : each.stages.size();
      most = std::max(most, each.time_per_output_token(passes));
    }
    return most;
  }
  /// Seconds of each request that its devices spend on talking, in all replicas on the average.
  [[nodiscard]] double communicating() const noexcept {
    double all = 0;
    for (const auto& replica : replicas) {
      for (const auto& each : replica.stages) {
        all += each.time.communicating + each.receiving.communicating;
      }
    }
    return all / static_cast<double>(replicas.size());
  }
  /// Replicas, stages, and ranks of each, as text: "2 x (4 + 4)".
  [[nodiscard]] std::string shape() const {
    std::string text;
    std::string before;
    std::uint32_t equal = 0;
    const auto flush = [&] {
      if (equal == 0) return;
      text += (text.empty() ? "" : ", ") + std::to_string(equal) + " x (" + before + ")";
    };
    for (const auto& replica : replicas) {
      std::string now;
      for (const auto& each : replica.stages) {
        now += (now.empty() ? "" : " + ") + std::to_string(each.mode.tensor);
        if (each.mode.context > 1) now += "x" + std::to_string(each.mode.context) + " context";
        if (each.mode.expert_parallel) now += " expert";
      }
      if (now != before) flush(), equal = 0, before = now;
      ++equal;
    }
    flush();
    return text;
  }
};

/// Returns what the devices of `stage` do together in a pass of `tokens` tokens of a plan for
/// `work`, to be timed by the slowest link between them.
[[nodiscard]] inline std::vector<collective> collectives_of(const model::architecture& model,
                                                            const planned_stage& stage,
                                                            const workload& work,
                                                            std::uint64_t tokens) {
  return tensor_collectives(
      model, stage.layers.first, stage.layers.count,
      {stage.mode.tensor, stage.mode.expert_parallel, tokens, 1, bits_of(work.type) / 8});
}

}  // namespace kvfolio::partition
