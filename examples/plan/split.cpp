// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <plan/split.hpp>

namespace plan {
namespace {

namespace kp = kvfolio::partition;

// One weight for each of `count`, or 1 each if none are given.
std::vector<double> weights_for(const std::vector<double>& given, std::uint32_t count,
                                const char* option) {
  if (given.empty()) return std::vector<double>(count, 1.0);
  if (given.size() != count) {
    throw kp::bad_partition(kp::refusal::bad_input, fmt::format("{} gives {} weights; make it {}",
                                                                option, given.size(), count));
  }
  for (const auto weight : given) {
    if (!(weight >= 0) || weight > 1e300) {
      throw kp::bad_partition(kp::refusal::bad_input,
                              fmt::format("{} of {}; weights are 0 or more", option, weight));
    }
  }
  return given;
}

kp::stages optimal(const arguments& given, const std::vector<double>& devices,
                   const std::vector<double>& layers) {
  std::vector<kp::stage_device> on;
  for (const auto speed : devices) {
    if (speed <= 0) {
      throw kp::bad_partition(kp::refusal::bad_input,
                              "a device of speed 0 can have no layer; leave it out");
    }
    on.push_back({.speed = speed});
  }
  const auto wanted = given.passes > 1 ? kp::objective::throughput : kp::objective::bottleneck;
  return kp::optimal_stages({.costs = layers}, on, wanted, given.passes).layers;
}

}  // namespace

split_result split_by_rule(const arguments& given, std::uint32_t layers, std::uint32_t count) {
  split_result made;
  made.output_stage = count == 0 ? 0 : count - 1;
  if (given.rule == "vllm") {
    made.stages = kp::rule::vllm(layers, count);
  } else if (given.rule == "trtllm") {
    made.stages = kp::rule::trtllm(layers, count);
  } else if (given.rule == "megatron") {
    made.stages =
        kp::rule::megatron(layers, count, {.first = given.first_layers, .last = given.last_layers});
  } else if (given.rule == "deepspeed") {
    made.stages = given.layer_weights.empty()
                      ? kp::rule::deepspeed_uniform(layers, count)
                      : kp::rule::deepspeed_balanced(
                            weights_for(given.layer_weights, layers, "--layer-weights"), count);
  } else {
    kp::check_stage_count(1, count == 0 ? 0 : 1, given.rule, "");
    const auto devices = weights_for(given.device_weights, count, "--device-weights");
    if (given.rule == "exo") {
      made.stages = kp::rule::exo(layers, devices);
    } else if (given.rule == "llamacpp") {
      const auto split = kp::rule::llamacpp(layers, devices, given.gpu_layers.value_or(UINT32_MAX));
      made = {split.layers, split.on_host, split.output_device};
    } else {
      made.stages =
          optimal(given, devices, weights_for(given.layer_weights, layers, "--layer-weights"));
    }
  }
  return made;
}

std::string unread_weights(const arguments& given) {
  const bool by_device = given.rule == "llamacpp" || given.rule == "exo" || given.rule == "optimal";
  const bool by_layer = given.rule == "deepspeed" || given.rule == "optimal";
  std::string text;
  if (!by_device && !given.device_weights.empty()) {
    text += fmt::format("plan: {} takes devices for equal, whatever --device-weights says\n",
                        given.rule);
  }
  if (!by_layer && !given.layer_weights.empty()) {
    text +=
        fmt::format("plan: {} takes layers for equal, whatever --layer-weights says\n", given.rule);
  }
  return text;
}

}  // namespace plan
