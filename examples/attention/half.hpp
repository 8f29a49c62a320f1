// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

namespace attention {

/// A binary16 number as it lies in memory, for compilers that have no type for it.
enum class half : std::uint16_t {};

/// Returns `value`, exactly.
[[nodiscard]] inline float to_float(half value) noexcept {
  const auto bits = static_cast<std::uint32_t>(value);
  const auto magnitude = (bits & 0x7fffU) << 13U;  // in place, but for the bias of the exponent
  const auto sign = (bits & 0x8000U) << 16U;
  const auto shifted = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112F);
  const bool finite = magnitude < 0x0f800000U;
  return std::bit_cast<float>(sign | (finite ? shifted : magnitude | 0x7f800000U));
}

/// Returns the binary16 number next to `value`, the even one of two that are equally near; infinity
/// from 65,520 on.
[[nodiscard]] inline half to_half(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = (bits >> 16U) & 0x8000U;
  auto magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) {
    magnitude = 0x7e00U;  // not a number
  } else if (magnitude >= 0x477ff000U) {
    magnitude = 0x7c00U;  // infinity
  } else if (magnitude < 0x38800000U) {
    // Below 2^-14 the steps are even; adding 0.5 makes the processor round to them.
    const auto sum = std::bit_cast<float>(magnitude) + 0.5F;
    magnitude = std::bit_cast<std::uint32_t>(sum) - std::bit_cast<std::uint32_t>(0.5F);
  } else {
    const auto odd = (magnitude >> 13U) & 1U;
    magnitude = (magnitude - 0x38000000U + 0xfffU + odd) >> 13U;
  }
  return static_cast<half>(sign | magnitude);
}

}  // namespace attention
