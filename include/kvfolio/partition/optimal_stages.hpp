// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/stages.hpp>

namespace kvfolio::partition {

/// A split, and what it costs.
struct staged {
  stages layers{};     ///< of each device, in their order
  double sum = 0;      ///< of all stages: what one pass takes
  double longest = 0;  ///< stage: what a full pipeline takes for each pass
};

/// What a stage costs that a device cannot hold.
inline constexpr double never = std::numeric_limits<double>::infinity();

/// May a device have no layer?
enum class devices_used : std::uint8_t {
  all,   ///< each has at least one
  some,  ///< those that cost more than they give are left out
};

/// Returns the split of `layers` layers over `devices` devices in their order with the least sum,
/// among those without a stage above `limit`; nothing if there is none. Of equal sums, one with the
/// shorter longest stage, as far as a table of sums can tell.
///
/// `cost(device, first, end)` is what the layers `[first, end)` take on `device`, `never` if it
/// cannot hold them; it may not fall when `first` does, but where that becomes 0. Exact, by dynamic
/// programming over prefixes. O(layers^2 devices).
template <class Cost>
[[nodiscard]] std::optional<staged> least_sum(std::uint32_t layers, std::uint32_t devices,
                                              const Cost& cost, devices_used used, double limit) {
  struct entry {
    double sum = never;
    double longest = never;
    std::uint32_t cut = 0;
  };
  const auto width = std::size_t{layers} + 1;
  std::vector<entry> best(width * (std::size_t{devices} + 1));
  best[0] = {0, 0, 0};
  for (std::uint32_t device = 0; device < devices; ++device) {
    const auto* const before = &best[device * width];
    auto* const after = &best[(device + 1) * width];
    for (std::uint32_t end = 0; end <= layers; ++end) {
      auto& found = after[end];
      if (used == devices_used::some) found = {before[end].sum, before[end].longest, end};
      for (std::uint32_t cut = end; cut-- > 0;) {
        if (before[cut].sum == never) continue;
        const auto stage = cost(device, cut, end);
        if (stage > limit || stage > found.sum || stage == never) {
          cut = std::min(cut, 1U);  // more layers take longer, unless they are the first
          continue;
        }
        const entry candidate{before[cut].sum + stage, std::max(before[cut].longest, stage), cut};
        if (candidate.sum < found.sum ||
            (candidate.sum == found.sum && candidate.longest < found.longest)) {
          found = candidate;
        }
      }
    }
  }
  const auto& last = best[devices * width + layers];
  if (last.sum == never) return std::nullopt;
  staged split{stages(devices), last.sum, last.longest};
  auto end = layers;
  for (auto device = devices; device-- > 0;) {
    const auto cut = best[(device + 1) * width + end].cut;
    split.layers[device] = end - cut;
    end = cut;
  }
  return split;
}

/// Returns the split with the shortest longest stage, as above; of equal ones, one with the least
/// sum. Nothing if no split can be held. O(layers^2 devices).
template <class Cost>
[[nodiscard]] std::optional<staged> least_bottleneck(std::uint32_t layers, std::uint32_t devices,
                                                     const Cost& cost,
                                                     devices_used used = devices_used::all) {
  const auto width = std::size_t{layers} + 1;
  std::vector<double> best(width, never);
  std::vector<double> next(width);
  best[0] = 0;
  for (std::uint32_t device = 0; device < devices; ++device) {
    for (std::uint32_t end = 0; end <= layers; ++end) {
      next[end] = used == devices_used::some ? best[end] : never;
      for (std::uint32_t cut = end; cut-- > 0;) {
        if (best[cut] >= next[end]) continue;
        const auto stage = cost(device, cut, end);
        next[end] = std::min(next[end], std::max(best[cut], stage));
        if (stage > next[end] || stage == never) cut = std::min(cut, 1U);
      }
    }
    best.swap(next);
  }
  if (best[layers] == never) return std::nullopt;
  return least_sum(layers, devices, cost, used, best[layers]);
}

/// Returns the split with the least time for `passes` passes that follow each other, the sum of all
/// stages and `passes - 1` times the longest (Zheng et al., "Alpa", OSDI 2022), as above.
///
/// Exact: takes the least sum, forbids its longest stage, and goes on until no shorter bottleneck
/// could make up for what the sum has grown. O(layers^2 devices) for each sum that it looks at,
/// which are one or two where devices are equal.
template <class Cost>
[[nodiscard]] std::optional<staged> least_total(std::uint32_t layers, std::uint32_t devices,
                                                const Cost& cost, std::uint64_t passes,
                                                devices_used used = devices_used::all) {
  const auto repeats = static_cast<double>(passes == 0 ? 0 : passes - 1);
  const auto total = [repeats](const staged& split) { return split.sum + repeats * split.longest; };
  auto best = least_bottleneck(layers, devices, cost, used);
  if (!best) return best;
  const auto shortest = best->longest;
  auto limit = never;
  while (auto split = least_sum(layers, devices, cost, used, limit)) {
    if (total(*split) < total(*best)) best = split;
    if (split->sum + repeats * shortest >= total(*best)) break;
    if (split->longest <= shortest) break;
    limit = std::nextafter(split->longest, 0.0);
  }
  return best;
}

/// What is to be made small.
enum class objective : std::uint8_t {
  latency,     ///< of one pass: the sum
  bottleneck,  ///< of a full pipeline: the longest stage
  throughput,  ///< of so many passes: the sum, and the longest for each other pass
};

/// A device of a pipeline.
struct stage_device {
  double speed = 1;                   ///< cost that it works off in one unit of time
  std::uint64_t memory = UINT64_MAX;  ///< bytes
  double receiving = 0;               ///< time to get a pass from the stage before it
};

/// What is to be split.
struct stage_problem {
  std::span<const double> costs{};         ///< of each layer
  std::span<const std::uint64_t> bytes{};  ///< of each layer; none: nothing is asked of memory
  double input_cost = 0;                   ///< of the first stage, beside its layers
  double output_cost = 0;                  ///< of the last stage, beside its layers
  std::uint64_t input_bytes = 0;           ///< of the first stage, beside its layers
  std::uint64_t output_bytes = 0;          ///< of the last stage, beside its layers
};

/// Returns the best split of `problem` over `devices` in their order. Exact.
/// \throws bad_partition if there are more devices than layers (unless some suffice), or if memory
/// does not suffice; then it says how much more the best split would need
[[nodiscard]] inline staged optimal_stages(const stage_problem& problem,
                                           std::span<const stage_device> devices, objective wanted,
                                           std::uint64_t passes = 1,
                                           devices_used used = devices_used::all) {
  const auto layers = static_cast<std::uint32_t>(problem.costs.size());
  const auto count = static_cast<std::uint32_t>(devices.size());
  const bool with_memory = !problem.bytes.empty();
  if (with_memory && problem.bytes.size() != layers) {
    throw bad_partition(refusal::bad_input, "give the bytes of each layer, or of none");
  }
  check_stage_count(layers, used == devices_used::all ? count : std::min(count, layers), "nobody",
                    "that");
  std::vector<double> before{0};
  std::vector<std::uint64_t> bytes_before{0};
  for (std::uint32_t i = 0; i < layers; ++i) {
    before.push_back(before.back() + problem.costs[i]);
    bytes_before.push_back(bytes_before.back() + (with_memory ? problem.bytes[i] : 0));
  }
  const auto needs = [&](std::uint32_t first, std::uint32_t end) {
    return bytes_before[end] - bytes_before[first] + (first == 0 ? problem.input_bytes : 0) +
           (end == layers ? problem.output_bytes : 0);
  };
  const auto cost = [&](std::uint32_t device, std::uint32_t first, std::uint32_t end) {
    const auto& on = devices[device];
    if (needs(first, end) > on.memory) return never;
    const auto work = before[end] - before[first] + (first == 0 ? problem.input_cost : 0) +
                      (end == layers ? problem.output_cost : 0);
    return work / on.speed + (first == 0 ? 0 : on.receiving);
  };
  std::optional<staged> best;
  switch (wanted) {
    case objective::latency:
      best = least_sum(layers, count, cost, used, std::numeric_limits<double>::max());
      break;
    case objective::bottleneck: best = least_bottleneck(layers, count, cost, used); break;
    case objective::throughput: best = least_total(layers, count, cost, passes, used); break;
  }
  if (best) return *std::move(best);
  const auto missing = [&](std::uint32_t device, std::uint32_t first, std::uint32_t end) {
    const auto bytes = needs(first, end);
    return bytes > devices[device].memory ? static_cast<double>(bytes - devices[device].memory)
                                          : 0.0;
  };
  const auto nearest = least_bottleneck(layers, count, missing, used);
  throw bad_partition(
      refusal::no_memory,
      "no split fits; the nearest, " + (nearest ? to_text(nearest->layers) : std::string{"none"}) +
          ", lacks " + std::to_string(nearest ? static_cast<std::uint64_t>(nearest->longest) : 0) +
          " bytes on one device; shrink weights or caches by as much, or add devices");
}

}  // namespace kvfolio::partition
