// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kvfolio/activation/tensor_life.hpp>

namespace kvfolio::activation {

/// Where tensors lie in an arena, decided before anything runs.
struct offset_plan {
  std::vector<std::uint64_t> offsets{};  ///< of each tensor, in bytes
  std::uint64_t bytes = 0;               ///< of the arena
  bool optimal = false;                  ///< proven: no plan takes fewer bytes
};

/// Does no tensor share a byte with one that it meets, and does each end within the arena?
/// O(n^2) for `n` tensors.
[[nodiscard]] inline bool is_sound(std::span<const tensor_life> lives, const offset_plan& plan) {
  if (plan.offsets.size() != lives.size()) return false;
  for (std::size_t i = 0; i < lives.size(); ++i) {
    const auto begin = plan.offsets[i];
    const auto end = begin + lives[i].bytes;
    if (end > plan.bytes) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (!lives[i].meets(lives[j])) continue;
      if (begin < plan.offsets[j] + lives[j].bytes && plan.offsets[j] < end) return false;
    }
  }
  return true;
}

}  // namespace kvfolio::activation
