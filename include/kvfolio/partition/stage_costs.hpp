// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/model/activations.hpp>
#include <kvfolio/model/architecture.hpp>
#include <kvfolio/model/capacity.hpp>
#include <kvfolio/partition/collective.hpp>
#include <kvfolio/partition/device.hpp>
#include <kvfolio/partition/optimal_stages.hpp>
#include <kvfolio/partition/rank.hpp>

namespace kvfolio::partition {

/// What a plan is for.
struct workload {
  std::uint64_t prompt = 1024;      ///< tokens of each request
  std::uint64_t output = 128;       ///< tokens that it gets; at least 1
  std::uint64_t batch = 8;          ///< requests in one pass, if many are served
  double rate = 0;                  ///< requests a second that must be served; 0: any
  dtype type = dtype::bf16;         ///< of activations and cache
  model::weight_formats formats{};  ///< of weights
  std::uint64_t overhead = std::uint64_t{1} << 30U;  ///< bytes of each device for nothing of this
};

/// What a plan makes good.
enum class plan_goal : std::uint8_t {
  latency,     ///< the time that one request takes, alone
  throughput,  ///< requests a second, all devices together
};

/// How the devices of a stage share it. Their number is `tensor * context`.
struct stage_mode {
  std::uint32_t tensor = 1;      ///< ranks that share layers
  std::uint32_t context = 1;     ///< ranks that share the tokens of a sequence
  bool expert_parallel = false;  ///< experts whole, each on one of the tensor ranks
  /// Equal in every member.
  friend constexpr bool operator==(const stage_mode&, const stage_mode&) = default;
};

/// What a stage takes for one request.
struct stage_time {
  double prefill = 0;        ///< seconds for the prompt
  double decode = 0;         ///< seconds for one token of a pass
  double communicating = 0;  ///< of all seconds of a request, those of collectives

  /// The sum.
  friend constexpr stage_time operator+(const stage_time& a, const stage_time& b) noexcept {
    return {a.prefill + b.prefill, a.decode + b.decode, a.communicating + b.communicating};
  }
  /// The difference.
  friend constexpr stage_time operator-(const stage_time& a, const stage_time& b) noexcept {
    return {a.prefill - b.prefill, a.decode - b.decode, a.communicating - b.communicating};
  }
};

/// What each range of layers takes on one group of devices, in every way they can share it: a
/// roofline of operations and bytes a layer, and the ring times of what they do together.
///
/// Sums over prefixes, so a range costs O(ways).
class stage_costs {
 public:
  /// One way to share.
  struct way {
    stage_mode mode;                        ///< which
    std::vector<stage_time> time{};         ///< before each layer, as all here
    std::vector<std::uint64_t> weights{};   ///< bytes
    std::vector<std::uint64_t> sequence{};  ///< bytes of each sequence
    std::uint64_t activations = 0;          ///< bytes
    std::uint64_t tied = 0;                 ///< bytes of a head that a whole model has once
  };

  /// Of `model` on the devices `group` of `where`, for `work`. `modes` are those that the model
  /// allows; those of another size are passed over. O(ways layers).
  stage_costs(const model::architecture& model, const cluster& where,
              std::vector<std::uint32_t> group, const workload& work, plan_goal goal,
              const std::vector<stage_mode>& modes)
      : devices_{std::move(group)},
        overhead_{work.overhead},
        steps_(static_cast<double>(work.output - 1)) {
    batch_ = goal == plan_goal::latency ? 1 : work.batch;
    memory_ = UINT64_MAX;
    for (const auto each : devices_) memory_ = std::min(memory_, where.devices()[each].memory);
    for (const auto& mode : modes) {
      if (mode.tensor * mode.context == devices_.size()) add_way(model, where, work, mode);
    }
  }

  /// The devices.
  [[nodiscard]] const std::vector<std::uint32_t>& devices() const noexcept { return devices_; }
  /// All ways.
  [[nodiscard]] const std::vector<way>& ways() const noexcept { return ways_; }
  /// Requests in one pass.
  [[nodiscard]] std::uint64_t batch() const noexcept { return batch_; }
  /// Bytes of the device that has least.
  [[nodiscard]] std::uint64_t memory() const noexcept { return memory_; }

  /// Returns what each device holds of layers `[first, end)`, with `passes` passes in flight.
  [[nodiscard]] model::memory_parts memory(const way& by, std::uint32_t first, std::uint32_t end,
                                           std::uint64_t passes) const noexcept {
    const bool whole = first == 0 && end + 1 == by.time.size();
    return {by.weights[end] - by.weights[first] - (whole ? by.tied : 0),
            passes * batch_ * (by.sequence[end] - by.sequence[first]), by.activations, overhead_};
  }

  /// Returns the seconds of `time` for one request: its prompt, and its part of each pass.
  [[nodiscard]] double seconds(const stage_time& time) const noexcept {
    return time.prefill + steps_ * time.decode / static_cast<double>(batch_);
  }

  /// Returns the fastest way to do layers `[first, end)`; none if they do not fit.
  [[nodiscard]] const way* best(std::uint32_t first, std::uint32_t end,
                                std::uint64_t passes) const noexcept {
    const way* fastest = nullptr;
    double least = never;
    for (const auto& each : ways_) {
      if (memory(each, first, end, passes).total() > memory_) continue;
      const auto taken = seconds(each.time[end] - each.time[first]);
      if (taken < least) least = taken, fastest = &each;
    }
    return fastest;
  }

  /// Returns its seconds for one request, or `never`.
  [[nodiscard]] double cost(std::uint32_t first, std::uint32_t end,
                            std::uint64_t passes) const noexcept {
    const auto* const by = best(first, end, passes);
    return by == nullptr ? never : seconds(by->time[end] - by->time[first]);
  }

  /// Returns how many bytes layers `[first, end)` lack in the way that lacks least.
  [[nodiscard]] double missing(std::uint32_t first, std::uint32_t end,
                               std::uint64_t passes) const noexcept {
    double least = never;
    for (const auto& each : ways_) {
      const auto needed = memory(each, first, end, passes).total();
      least = std::min(least, needed > memory_ ? static_cast<double>(needed - memory_) : 0.0);
    }
    return least;
  }

 private:
  // One pass: `tokens` new ones, each of which reads `context` on the average, of so many
  // sequences.
  struct pass {
    std::uint64_t tokens;
    double context;
    std::uint64_t sequences;
    std::uint64_t logit_rows;
    bool prompt;
  };

  void add_way(const model::architecture& model, const cluster& where, const workload& work,
               const stage_mode& mode) {
    way made{mode};
    const auto layers = static_cast<std::uint32_t>(model.layers.size());
    const model_cut cut{mode.tensor, {layers}, mode.expert_parallel};
    const pass prompt{work.prompt, static_cast<double>(work.prompt) / 2, 1, 1, true};
    const pass token{batch_,
                     static_cast<double>(work.prompt) + static_cast<double>(work.output) / 2,
                     batch_, batch_, false};
    const auto largest = std::max(work.prompt, batch_);
    made.activations = model::activation_bytes(model, largest, mode.tensor, work.type) +
                       model::logit_bytes(model, batch_, mode.tensor);
    made.time.resize(layers + 1);
    made.weights.resize(layers + 1);
    made.sequence.resize(layers + 1);
    const auto link_inside = where.slowest_inside(devices_);
    for (std::uint32_t i = 0; i < layers; ++i) {
      const bool as_before = i > 1 && i + 1 < layers && model.layers[i] == model.layers[i - 1];
      if (as_before) {
        made.time[i + 1] = made.time[i] + (made.time[i] - made.time[i - 1]);
        made.weights[i + 1] = 2 * made.weights[i] - made.weights[i - 1];
        made.sequence[i + 1] = 2 * made.sequence[i] - made.sequence[i - 1];
        continue;
      }
      const auto kept = cached_layers(model, {i, 1}, mode.tensor, work.type);
      const model::serving how{
          16, static_cast<std::uint32_t>(std::min<std::uint64_t>(work.prompt, UINT32_MAX)),
          mode.context};
      made.sequence[i + 1] =
          made.sequence[i] + model::sequence_bytes(kept, work.prompt + work.output, how);
      made.weights[i + 1] = made.weights[i] + layer_bytes(model, i, cut, work, made);
      const auto first = layer_time(model, where, i, cut, mode, work, prompt, link_inside);
      const auto next = layer_time(model, where, i, cut, mode, work, token, link_inside);
      const auto passes = steps_ / static_cast<double>(batch_);
      made.time[i + 1] =
          made.time[i] + stage_time{first.first + first.second, next.first + next.second,
                                    first.second + passes * next.second};
    }
    ways_.push_back(std::move(made));
  }

  // Bytes of a layer's weights on the fullest rank, with what the first and last stage have beside.
  std::uint64_t layer_bytes(const model::architecture& model, std::uint32_t layer,
                            const model_cut& cut, const workload& work, way& made) {
    std::uint64_t bytes = 0;
    const auto add = [&](const model::weight& part) {
      const auto [units, copies, padding] = held(part, cut, 0);
      bytes += bytes_in(work.formats, part, units) * copies + bytes_in(work.formats, part, padding);
    };
    for_each_layer_weight(model, layer, add);
    if (layer == 0) for_each_input_weight(model, add);
    if (layer + 1 == model.layers.size()) {
      for_each_output_weight(model, [&](const model::weight& part) {
        const auto before = bytes;
        add(part);
        if (model.tied && part.cut == model::weight_cut::vocabulary) made.tied = bytes - before;
      });
    }
    return bytes;
  }

  // Seconds of a layer in one pass: by the roofline of the slowest device, and together.
  std::pair<double, double> layer_time(const model::architecture& model, const cluster& where,
                                       std::uint32_t layer, const model_cut& cut,
                                       const stage_mode& mode, const workload& work,
                                       const pass& now, const link& inside) const {
    const auto& attends = model.layers[layer].attends;
    const auto& feeds = model.layers[layer].feeds;
    const auto tokens = static_cast<double>(now.tokens);
    double operations = 0;
    double bytes = 0;
    const auto add = [&](const model::weight& part, double used) {
      auto [units, copies, padding] = held(part, cut, 0);
      auto visited = 1.0;  // of the experts, by a token; and by all of them
      auto touched = static_cast<double>(copies);
      if (part.experts != 0) {
        visited = static_cast<double>(feeds.top_k) * static_cast<double>(copies) / part.experts;
        touched = std::min(touched, visited * tokens);
      }
      operations += 2.0 * static_cast<double>(part.elements(units)) * visited * used;
      bytes += static_cast<double>(bytes_in(work.formats, part, units)) * touched;
    };
    const auto here = now.prompt ? tokens / mode.context : tokens;
    for_each_layer_weight(model, layer, [&](const model::weight& part) { add(part, here); });
    if (layer + 1 == model.layers.size()) {
      for_each_output_weight(model, [&](const model::weight& part) {
        add(part, static_cast<double>(now.logit_rows));
      });
    }
    auto context = now.context;
    if (attends.window != 0) context = std::min(context, static_cast<double>(attends.window));
    context /= mode.context;
    if (!attends.is_state()) {
      const double dims = 2.0 * attends.head_dim + 2.0 * attends.value_elements();
      operations += static_cast<double>(attends.heads / mode.tensor) * dims * tokens * context;
    }
    const auto kv = kv_shape(attends, kv_heads_of(attends, mode.tensor), work.type);
    bytes += static_cast<double>(kv.bytes_per_token()) * static_cast<double>(now.sequences) *
             (attends.is_state() ? 1 : context);
    double computing = 0;
    for (const auto each : devices_) {
      const auto& on = where.devices()[each];
      computing = std::max(computing, std::max(operations / on.flops, bytes / on.bandwidth));
    }
    double together = 0;
    const tensor_pass sent{mode.tensor, mode.expert_parallel, now.tokens, now.logit_rows,
                           bits_of(work.type) / 8};
    for (const auto& each : tensor_collectives(model, layer, 1, sent)) {
      together += inside.seconds(each);
    }
    if (mode.context > 1)
      together += inside.seconds(context_collective(model, layer, mode, now, work));
    return {computing, together};
  }

  // Ranks that share a sequence gather the keys of a prompt, or sum what each has read of them.
  static collective context_collective(const model::architecture& model, std::uint32_t layer,
                                       const stage_mode& mode, const pass& now,
                                       const workload& work) {
    const auto& attends = model.layers[layer].attends;
    const auto kv = kv_shape(attends, kv_heads_of(attends, mode.tensor), work.type);
    return now.prompt
               ? collective{"context", collective_kind::all_gather, mode.context, 1,
                            now.tokens * kv.bytes_per_token()}
               : collective{"context", collective_kind::all_reduce, mode.context, 1,
                            now.tokens * model.hidden / mode.tensor * bits_of(work.type) / 8};
  }

  std::vector<std::uint32_t> devices_;
  std::uint64_t memory_ = 0;
  std::uint64_t overhead_;
  std::uint64_t batch_ = 1;
  double steps_;
  std::vector<way> ways_;
};

/// Returns the modes in which up to `most` devices can share a stage of `model`.
[[nodiscard]] inline std::vector<stage_mode> stage_modes(const model::architecture& model,
                                                         const workload& work, std::uint32_t most) {
  bool has_experts = false;
  for (const auto& layer : model.layers) has_experts = has_experts || layer.feeds.experts != 0;
  std::vector<stage_mode> modes;
  for (std::uint32_t tensor = 1; tensor <= most; ++tensor) {
    for (const bool expert : {false, true}) {
      if (expert && (!has_experts || tensor == 1)) continue;
      const model_cut cut{tensor, {static_cast<std::uint32_t>(model.layers.size())}, expert};
      try {
        static_cast<void>(share_of(model, cut, 0, work.formats, work.type));
      } catch (const std::invalid_argument&) {
        continue;  // it cannot be cut so
      }
      for (std::uint32_t context = 1; tensor * context <= most; ++context) {
        modes.push_back({tensor, context, expert});
      }
    }
  }
  return modes;
}

}  // namespace kvfolio::partition
