// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <plan/plan_report.hpp>
#include <plan/sizes.hpp>
#include <support/svg.hpp>

namespace plan {
namespace {

namespace kp = kvfolio::partition;
using nlohmann::ordered_json;

std::string_view name_of(kp::plan_goal goal) {
  return goal == kp::plan_goal::latency ? "latency" : "throughput";
}

ordered_json parts_of(const kvfolio::model::memory_parts& parts) {
  return {{"weights_bytes", parts.weights},
          {"kv_bytes", parts.kv},
          {"activation_bytes", parts.activations},
          {"overhead_bytes", parts.overhead},
          {"total_bytes", parts.total()}};
}

// What the cache of each rank of a stage is made of; nothing if its layers keep different things.
ordered_json cache_of(const planned& plan, const kp::planned_stage& stage) {
  try {
    auto part = plan.of.model;
    part.layers = {part.layers.begin() + static_cast<std::ptrdiff_t>(stage.layers.first),
                   part.layers.begin() + static_cast<std::ptrdiff_t>(stage.layers.end())};
    const auto count = static_cast<std::uint32_t>(part.layers.size());
    const auto shape = kp::rank_shape(
        part, {stage.mode.tensor, {count}, stage.mode.expert_parallel}, 0, plan.work.type);
    return {{"layers", shape.layers},
            {"kv_heads", shape.kv_heads},
            {"key_dim", shape.key_dim},
            {"value_dim", shape.value_dim},
            {"bits_per_element", shape.bits_per_element},
            {"bytes_per_token", shape.bytes_per_token()}};
  } catch (const kp::bad_partition&) {
    return nullptr;
  }
}

ordered_json ranks_of(const planned& plan) {
  auto ranks = ordered_json::array();
  for (std::size_t r = 0; r < plan.made.replicas.size(); ++r) {
    const auto& stages = plan.made.replicas[r].stages;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const auto& stage = stages[s];
      const auto& first = plan.of.model.layers[stage.layers.first].attends;
      for (std::size_t i = 0; i < stage.devices.size(); ++i) {
        const auto tensor = static_cast<std::uint32_t>(i) % stage.mode.tensor;
        const auto heads =
            kp::head_cut(first.heads, first.is_latent() ? first.heads : first.kv_heads,
                         stage.mode.tensor, tensor);
        ranks.push_back({{"rank", ranks.size()},
                         {"device", stage.devices[i]},
                         {"replica", r},
                         {"stage", s},
                         {"tensor_rank", tensor},
                         {"context_rank", i / stage.mode.tensor},
                         {"first_layer", stage.layers.first},
                         {"layers", stage.layers.count},
                         {"first_head", heads.heads.first},
                         {"heads", heads.heads.count},
                         {"kv_heads", kp::kv_heads_of(first, stage.mode.tensor)},
                         {"kv_bytes", stage.memory.kv},
                         {"cache", cache_of(plan, stage)}});
      }
    }
  }
  return ranks;
}

ordered_json collectives_of(const planned& plan, const kp::planned_stage& stage) {
  auto all = ordered_json::array();
  const auto inside = plan.where.slowest_inside(stage.devices);
  for (const auto tokens : {plan.work.prompt, std::uint64_t{1}}) {
    for (const auto& each : kp::collectives_of(plan.of.model, stage, plan.work, tokens)) {
      all.push_back({{"where", each.where},
                     {"kind", kp::name_of(each.kind)},
                     {"tokens", tokens},
                     {"times", each.times},
                     {"bytes", each.bytes},
                     {"bytes_sent", each.bytes_sent()},
                     {"seconds", inside.seconds(each)}});
    }
  }
  return all;
}

}  // namespace

std::string json_plan(const planned& plan) {
  ordered_json out;
  out["goal"] = name_of(plan.made.goal);
  out["shape"] = plan.made.shape();
  out["seconds_per_request"] = plan.made.seconds;
  out["time_to_first_token"] = plan.made.time_to_first_token();
  out["time_per_output_token"] = plan.made.time_per_output_token();
  out["requests_per_second"] = plan.made.throughput();
  out["output_tokens_per_second"] = plan.made.throughput() * static_cast<double>(plan.work.output);
  out["meets_rate"] = plan.made.meets_rate;
  out["runner_up"] = plan.made.runner_up;
  auto replicas = ordered_json::array();
  for (const auto& replica : plan.made.replicas) {
    auto stages = ordered_json::array();
    for (const auto& stage : replica.stages) {
      auto names = ordered_json::array();
      for (const auto each : stage.devices) names.push_back(plan.where.devices()[each].name);
      stages.push_back({{"devices", stage.devices},
                        {"names", names},
                        {"tensor", stage.mode.tensor},
                        {"context", stage.mode.context},
                        {"expert_parallel", stage.mode.expert_parallel},
                        {"first_layer", stage.layers.first},
                        {"layers", stage.layers.count},
                        {"memory", parts_of(stage.memory)},
                        {"prefill_seconds", stage.time.prefill},
                        {"decode_seconds", stage.time.decode},
                        {"receive_prefill_seconds", stage.receiving.prefill},
                        {"receive_decode_seconds", stage.receiving.decode},
                        {"collectives", collectives_of(plan, stage)}});
    }
    replicas.push_back({{"stages", stages}});
  }
  out["replicas"] = replicas;
  out["ranks"] = ranks_of(plan);
  return out.dump(2) + "\n";
}

std::string table_plan(const planned& plan) {
  std::string out;
  const auto line = [&out](std::string_view name, const std::string& value) {
    fmt::format_to(std::back_inserter(out), "{:<24}{}\n", name, value);
  };
  line("plan for", std::string{name_of(plan.made.goal)});
  line("shape", plan.made.shape() + ", ranks of each stage");
  line("first token after", fmt::format("{:.3f} s", plan.made.time_to_first_token()));
  line("each token after that", fmt::format("{:.2f} ms", plan.made.time_per_output_token() * 1e3));
  line("throughput", fmt::format("{:.3g} requests/s, {:.4g} tokens/s", plan.made.throughput(),
                                 plan.made.throughput() * static_cast<double>(plan.work.output)));
  if (!plan.made.meets_rate) line("", fmt::format("short of {:g} requests/s", plan.work.rate));
  line("runner-up", plan.made.runner_up);
  for (std::size_t r = 0; r < plan.made.replicas.size(); ++r) {
    fmt::format_to(std::back_inserter(out), "\nreplica {}\n", r);
    for (const auto& stage : plan.made.replicas[r].stages) {
      std::string who;
      for (const auto each : stage.devices) who += fmt::format(" {}", each);
      fmt::format_to(std::back_inserter(out),
                     "  layers {:>3}-{:<3} on{} ({}): {}, of it KV {}, {:.2f} ms a token\n",
                     stage.layers.first, stage.layers.end() - 1, who,
                     plan.where.devices()[stage.devices.front()].name,
                     in_both_units(stage.memory.total()), in_both_units(stage.memory.kv),
                     (stage.time.decode + stage.receiving.decode) * 1e3);
    }
  }
  return out;
}

std::string svg_plan(const planned& plan) {
  static constexpr std::array<std::string_view, 6> colours{"#4c78a8", "#f58518", "#54a24b",
                                                           "#b279a2", "#e45756", "#72b7b2"};
  constexpr double left = 170;
  constexpr double width = 760;
  constexpr double height = 22;
  const auto& devices = plan.where.devices();
  const auto layers = static_cast<double>(plan.of.model.layers.size());
  support::svg drawing{left + width + 20, 70 + height * static_cast<double>(devices.size()),
                       "Who holds which layers and heads"};
  drawing.text({left, 22},
               fmt::format("{} layers; {}", plan.of.model.layers.size(), plan.made.shape()), 13,
               support::anchor::start, true);
  const auto top = [](std::size_t row) { return 40 + height * static_cast<double>(row); };
  for (std::size_t i = 0; i < devices.size(); ++i) {
    drawing.text({left - 8, top(i) + 15}, fmt::format("{} {}", i, devices[i].name), 11,
                 support::anchor::end);
    drawing.rect({left, top(i)}, width, height - 4, "#f4f4f4");
  }
  for (std::size_t r = 0; r < plan.made.replicas.size(); ++r) {
    for (const auto& stage : plan.made.replicas[r].stages) {
      const auto& first = plan.of.model.layers[stage.layers.first].attends;
      for (std::size_t i = 0; i < stage.devices.size(); ++i) {
        const auto from = left + width * static_cast<double>(stage.layers.first) / layers;
        const auto wide = width * static_cast<double>(stage.layers.count) / layers;
        const auto row = stage.devices[i];
        const auto each = first.heads / stage.mode.tensor;
        const auto begin = static_cast<std::uint32_t>(i) % stage.mode.tensor * each;
        drawing.rect({from, top(row)}, wide, height - 4, colours[r % colours.size()], "#fff");
        if (wide < 60) continue;
        drawing.text({from + wide / 2, top(row) + 13},
                     fmt::format("{}-{}, heads {}-{}", stage.layers.first, stage.layers.end() - 1,
                                 begin, begin + each - 1),
                     10, support::anchor::middle);
      }
    }
  }
  return drawing.file();
}

}  // namespace plan
