// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include <kvfolio/core/config.hpp>

namespace kvfolio {

/// Returns `numerator / denominator` rounded up; cannot overflow. Precondition: `denominator > 0`.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T ceil_div(T numerator, T denominator) noexcept {
  KVFOLIO_EXPECTS(denominator > 0);
  return static_cast<T>(numerator / denominator + (numerator % denominator != 0 ? 1 : 0));
}

/// Returns `a + b`, for sizes that a caller chose. \throws std::length_error on overflow
[[nodiscard]] constexpr std::size_t checked_add(std::size_t a, std::size_t b) {
  if (a > std::numeric_limits<std::size_t>::max() - b) {
    throw std::length_error("kvfolio: a size does not fit std::size_t");
  }
  return a + b;
}

/// Returns `a * b`, for sizes that a caller chose. \throws std::length_error on overflow
[[nodiscard]] constexpr std::size_t checked_mul(std::size_t a, std::size_t b) {
  if (b != 0 && a > std::numeric_limits<std::size_t>::max() / b) {
    throw std::length_error("kvfolio: a size does not fit std::size_t");
  }
  return a * b;
}

/// Scrambles 64 bits so that each of them depends on all: the finalizer of SplitMix64 (Steele, Lea,
/// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). A bijection, and no more:
/// whoever fears adversaries needs a keyed hash.
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t bits) noexcept {
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31U);
}

}  // namespace kvfolio
