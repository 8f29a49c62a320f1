// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <kvfolio/model/dtype.hpp>

#include <attention/half.hpp>

namespace attention {

namespace kv = kvfolio;

/// Rounds `numbers` to what `type` can hold, and writes them to `to` as they are stored: f32, f16,
/// bf16, or 8-bit integers, of which the f16 at `scale` makes the numbers.
inline void round_and_store(kv::dtype type, std::span<float> numbers, std::byte* to,
                            std::byte* scale = nullptr) noexcept {
  const auto put = [&](std::size_t i, auto stored) {
    std::memcpy(to + i * sizeof(stored), &stored, sizeof(stored));
  };
  float unit = 1;
  if (type == kv::dtype::i8) {
    float largest = 0;
    for (const auto each : numbers) largest = std::max(largest, std::abs(each));
    const auto rounded = to_half(largest / 127);
    std::memcpy(scale, &rounded, sizeof(rounded));
    unit = to_float(rounded);
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    auto& number = numbers[i];
    switch (type) {
      case kv::dtype::f16: {
        const auto stored = to_half(number);
        put(i, stored);
        number = to_float(stored);
        break;
      }
      case kv::dtype::bf16: {
        const auto bits = std::bit_cast<std::uint32_t>(number);  // of a finite number
        const auto stored =
            static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);
        put(i, stored);
        number = std::bit_cast<float>(std::uint32_t{stored} << 16U);
        break;
      }
      case kv::dtype::i8: {
        const auto steps =
            unit == 0 ? 0.0F : std::clamp(std::round(number / unit), -127.0F, 127.0F);
        put(i, static_cast<std::int8_t>(steps));
        number = steps * unit;
        break;
      }
      default: put(i, number);
    }
  }
}

}  // namespace attention
