// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <kvfolio/activation/offset_plan.hpp>

namespace kvfolio::activation {

/// Returns the plan that places tensors in `order`, each into the smallest gap that is left between
/// those that it meets, and behind all of them if it fits none. O(n^2 log n) for `n` tensors.
/// Precondition: `order` names each tensor once.
[[nodiscard]] inline offset_plan best_fit(std::span<const tensor_life> lives,
                                          std::span<const std::size_t> order) {
  offset_plan plan;
  plan.offsets.resize(lives.size());
  std::vector<std::size_t> near;  // those placed that meet the next one, by offset
  for (std::size_t placed = 0; placed < order.size(); ++placed) {
    const auto& life = lives[order[placed]];
    near.clear();
    for (const auto other : order.first(placed)) {
      if (life.meets(lives[other])) near.push_back(other);
    }
    std::ranges::sort(near, {}, [&plan](std::size_t each) { return plan.offsets[each]; });
    auto smallest = UINT64_MAX;
    std::uint64_t place = 0;
    std::uint64_t end = 0;  // of what lies before
    for (const auto other : near) {
      const auto begin = plan.offsets[other];
      if (begin >= end && begin - end >= life.bytes && begin - end < smallest) {
        smallest = begin - end;
        place = end;
      }
      end = std::max(end, begin + lives[other].bytes);
    }
    if (smallest == UINT64_MAX) place = end;
    plan.offsets[order[placed]] = place;
    plan.bytes = std::max(plan.bytes, place + life.bytes);
  }
  plan.optimal = plan.bytes == most_alive(lives);
  return plan;
}

/// Returns the plan that places the largest tensors first (Pisarchyk, Lee, "Efficient memory
/// management for deep neural net inference", 2020, section 5.2, greedy by size). O(n^2 log n).
[[nodiscard]] inline offset_plan best_fit_by_size(std::span<const tensor_life> lives) {
  std::vector<std::size_t> order(lives.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&lives](std::size_t each) { return lives[each].bytes; });
  return best_fit(lives, order);
}

/// Returns the plan that places first what is alive at the steps with most bytes alive (the same,
/// 5.1, greedy by breadth). Better than by size where few steps are crowded. O(n^2 log n + n steps)
[[nodiscard]] inline offset_plan best_fit_by_breadth(std::span<const tensor_life> lives) {
  std::vector<std::uint64_t> crowd(lives.size());  // most alive at a step where this one begins
  for (std::size_t i = 0; i < lives.size(); ++i) {
    for (const auto& other : lives) {
      if (other.first <= lives[i].first && lives[i].first <= other.last) crowd[i] += other.bytes;
    }
  }
  // What a tensor meets at its most crowded step, which is one where something begins.
  std::vector<std::uint64_t> breadth(lives.size());
  for (std::size_t i = 0; i < lives.size(); ++i) {
    for (std::size_t j = 0; j < lives.size(); ++j) {
      const auto step = lives[j].first;
      if (lives[i].first <= step && step <= lives[i].last) {
        breadth[i] = std::max(breadth[i], crowd[j]);
      }
    }
  }
  std::vector<std::size_t> order(lives.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t one, std::size_t other) {
    return breadth[one] != breadth[other] ? breadth[one] > breadth[other]
                                          : lives[one].bytes > lives[other].bytes;
  });
  return best_fit(lives, order);
}

}  // namespace kvfolio::activation
