// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <kvfolio/activation/tensor_life.hpp>

namespace kvfolio::test {

/// Returns up to `most` tensors of up to `bytes` bytes each, alive within `steps` steps.
inline std::vector<activation::tensor_life> random_lives(std::mt19937& rng, std::size_t most,
                                                         std::uint32_t steps, std::uint64_t bytes) {
  std::vector<activation::tensor_life> lives(rng() % (most + 1));
  for (auto& [size, first, last] : lives) {
    size = rng() % (bytes + 1);
    first = static_cast<std::uint32_t>(rng() % steps);
    last = static_cast<std::uint32_t>(rng() % steps);
    if (last < first) std::swap(first, last);
  }
  return lives;
}

}  // namespace kvfolio::test
