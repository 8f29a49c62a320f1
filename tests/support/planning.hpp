// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/partition/stage_costs.hpp>

namespace kvfolio::test {

/// Something to plan.
struct instance {
  model::architecture model;
  partition::cluster where;
  partition::workload work;
};

/// Returns a small model of one to `most_layers` layers for one to `most_devices` unequal devices.
inline instance random_instance(std::mt19937_64& random, std::uint32_t most_devices,
                                std::uint32_t most_layers) {
  const auto pick = [&random](std::uint64_t least, std::uint64_t most) {
    return least + random() % (most - least + 1);
  };
  const auto layers = static_cast<std::uint32_t>(pick(1, most_layers));
  auto model = model::llama(layers, 256, 8, pick(0, 1) != 0 ? 2 : 8, 32, 512, 1000);
  if (pick(0, 3) == 0) {
    model = model::with_experts(model, pick(0, 1), {.width = 256, .experts = 4, .top_k = 2});
  }
  for (auto& layer : model.layers) {
    if (pick(0, 3) == 0) layer.feeds.width *= 2;
  }
  model.tied = pick(0, 1) != 0;
  std::vector<partition::device> devices;
  const auto kinds = pick(1, 3);
  std::vector<partition::device> known;
  for (std::uint64_t i = 0; i < kinds; ++i) {
    known.push_back({"kind " + std::to_string(i), pick(1, 40) * 1'000'000,
                     static_cast<double>(pick(1, 20)) * 1e12,
                     static_cast<double>(pick(1, 20)) * 1e11});
  }
  for (auto n = pick(1, most_devices); n > 0; --n) devices.push_back(known[random() % kinds]);
  partition::cluster where{std::move(devices), {static_cast<double>(pick(1, 100)) * 1e9, 1e-6}};
  const auto count = where.devices().size();
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (pick(0, 2) == 0) where.connect(i, i + 1, {static_cast<double>(pick(1, 300)) * 1e9, 2e-6});
  }
  partition::workload work;
  work.prompt = pick(1, 2000);
  work.output = pick(1, 300);
  work.batch = pick(1, 16);
  work.overhead = 100'000;
  return {std::move(model), std::move(where), work};
}

}  // namespace kvfolio::test
