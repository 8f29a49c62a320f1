// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

namespace kvfolio {

/// Returns 64 bits that nobody can foresee, from the operating system. \throws std::exception if it
/// has none
[[nodiscard]] inline std::uint64_t random_seed() {
  std::random_device source;
  return std::uint64_t{source()} << 32U | source();
}

}  // namespace kvfolio
