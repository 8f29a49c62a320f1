// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <attention/simd.hpp>

namespace attention::ATTENTION_TARGET {

/// How elements are stored: their bytes, a vector of them, one of them, and whether they are
/// scaled.
struct f32 {
  static constexpr std::size_t bytes = 4;
  static constexpr bool scaled = false;
  ATTENTION_INLINE static vec read(const std::byte* from) noexcept { return load(from); }
};
struct f16 {
  static constexpr std::size_t bytes = 2;
  static constexpr bool scaled = false;
  ATTENTION_INLINE static vec read(const std::byte* from) noexcept { return load_f16(from); }
};
struct bf16 {
  static constexpr std::size_t bytes = 2;
  static constexpr bool scaled = false;
  ATTENTION_INLINE static vec read(const std::byte* from) noexcept { return load_bf16(from); }
};
struct i8 {
  static constexpr std::size_t bytes = 1;
  static constexpr bool scaled = true;
  ATTENTION_INLINE static vec read(const std::byte* from) noexcept { return load_i8(from); }
};

/// `count` elements, fewer than `lanes`, and zeros behind them.
template <class Element>
ATTENTION_INLINE vec read_some(const std::byte* from, std::size_t count) noexcept {
  std::byte padded[lanes * Element::bytes] = {};
  for (std::size_t i = 0; i < count * Element::bytes; ++i) padded[i] = from[i];
  return Element::read(padded);
}

/// The scales of a key and its value.
struct scale_pair {
  float key;
  float value;
};
ATTENTION_INLINE scale_pair read_scales(const std::byte* from) noexcept {
  std::uint16_t both[2];
  __builtin_memcpy(both, from, sizeof(both));
  // Finite numbers, as scales are.
  const auto to_float = [](std::uint32_t half) {
    const float magnitude = __builtin_bit_cast(float, (half & 0x7fffU) << 13U) * 0x1p112F;
    return (half & 0x8000U) != 0 ? -magnitude : magnitude;
  };
  return {to_float(both[0]), to_float(both[1])};
}

}  // namespace attention::ATTENTION_TARGET
