// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__F16C__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

#ifndef ATTENTION_TARGET
#define ATTENTION_TARGET portable
#endif

/// Vectors of floats by the extensions that gcc and clang share: what reads as plain arithmetic
/// becomes one instruction where the target has it, and several where it does not. Only to widen
/// elements takes intrinsics, as gcc 12 does that one by one, and without them shifts.
///
/// All of it is in a namespace named after the target, and inlined: no function compiled for one
/// processor may be linked into the code for another.
#define ATTENTION_INLINE [[gnu::always_inline]] inline

namespace attention::ATTENTION_TARGET {

#if defined(__AVX512F__)
inline constexpr std::size_t lanes = 16;  ///< floats of a vector
#elif defined(__AVX2__)
inline constexpr std::size_t lanes = 8;
#else
inline constexpr std::size_t lanes = 4;
#endif

using vec [[gnu::vector_size(lanes * 4)]] = float;
using ints [[gnu::vector_size(lanes * 4)]] = std::int32_t;

ATTENTION_INLINE vec load(const void* from) noexcept {
  vec read;
  __builtin_memcpy(&read, from, sizeof(read));
  return read;
}
ATTENTION_INLINE void store(float* to, vec value) noexcept {
  __builtin_memcpy(to, &value, sizeof(value));
}
ATTENTION_INLINE vec all(float value) noexcept {
  return vec{} + value;
}
ATTENTION_INLINE ints all(std::int32_t value) noexcept {
  return ints{} + value;
}
ATTENTION_INLINE ints bits(vec value) noexcept {
  return reinterpret_cast<ints>(value);
}
ATTENTION_INLINE vec floats(ints value) noexcept {
  return reinterpret_cast<vec>(value);
}
/// `yes` where `mask` is -1, else `no`, where it is 0.
ATTENTION_INLINE vec choose(ints mask, vec yes, vec no) noexcept {
  return mask ? yes : no;
}
/// The larger of both; `other`, if one is not a number.
ATTENTION_INLINE vec max(vec one, vec other) noexcept {
  return one > other ? one : other;
}
/// Is a lane of `mask` set?
ATTENTION_INLINE bool any(ints mask) noexcept {
#if defined(__AVX512F__)
  return _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask)) != 0;
#else
  std::int32_t seen = 0;
  for (std::size_t i = 0; i < lanes; ++i) seen |= mask[i];
  return seen != 0;
#endif
}

/// 16-bit integers at `from`, without their sign.
ATTENTION_INLINE ints load_words(const void* from) noexcept {
#if defined(__AVX512F__)
  return reinterpret_cast<ints>(
      _mm512_maskz_cvtepu16_epi32(0xffff, _mm256_loadu_si256(static_cast<const __m256i*>(from))));
#elif defined(__AVX2__)
  return reinterpret_cast<ints>(
      _mm256_cvtepu16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from))));
#else
  using words [[gnu::vector_size(lanes * 2)]] = std::uint16_t;
  words read;
  __builtin_memcpy(&read, from, sizeof(read));
  return __builtin_convertvector(read, ints);
#endif
}
/// IEEE 754 binary16.
ATTENTION_INLINE vec load_f16(const void* from) noexcept {
#if defined(__AVX512F__)
  // Masked, as gcc 12 warns of the plain one.
  return _mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256(static_cast<const __m256i*>(from)));
#elif defined(__F16C__) && defined(__AVX2__)
  return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(from)));
#else
  const auto read = load_words(from);
  const ints magnitude = (read & 0x7fff) << 13;  // in place, but for the bias of the exponent
  const ints finite = bits(floats(magnitude) * 0x1p112F);
  const auto all_ones = magnitude >= 0x0f800000;
  return floats((all_ones ? magnitude | 0x7f800000 : finite) | (read & 0x8000) << 16);
#endif
}
/// The upper half of binary32.
ATTENTION_INLINE vec load_bf16(const void* from) noexcept {
  return floats(load_words(from) << 16);
}
/// 8-bit integers.
ATTENTION_INLINE vec load_i8(const void* from) noexcept {
#if defined(__AVX512F__)
  const auto wide = reinterpret_cast<ints>(
      _mm512_maskz_cvtepi8_epi32(0xffff, _mm_loadu_si128(static_cast<const __m128i*>(from))));
#elif defined(__AVX2__)
  const auto wide = reinterpret_cast<ints>(_mm256_cvtepi8_epi32(_mm_loadu_si64(from)));
#else
  using chars [[gnu::vector_size(lanes)]] = std::int8_t;
  chars read;
  __builtin_memcpy(&read, from, sizeof(read));
  const ints wide = __builtin_convertvector(read, ints);
#endif
  return __builtin_convertvector(wide, vec);
}

/// 2 to the power of each, which are at most 0: 2.7 ulp, by a polynomial of degree 5 for the part
/// behind the point. 0 below -125, and not a number where `value` is none.
ATTENTION_INLINE vec exp2(vec value) noexcept {
  constexpr float round = 0x1.8p23F;  // pushes what is behind the point out of the number
  const vec rounded = value + round;
  const vec rest = value - (rounded - round);
  vec power = all(1.339086336e-3F);
  power = power * rest + 9.676031918e-3F;
  power = power * rest + 5.550357114e-2F;
  power = power * rest + 2.402210749e-1F;
  power = power * rest + 6.931471880e-1F;
  power = power * rest + 1.000000075F;
  const vec scaled = floats(bits(power) + (bits(rounded) << 23));
  return choose(value < -125.0F, vec{}, scaled);
}

namespace detail {

using lane_numbers = std::make_integer_sequence<int, static_cast<int>(lanes)>;

// Adds, in every block of `2 * Apart` lanes, the halves of each: those of `one` below, `other`'s
// above.
template <int Apart, int... I>
ATTENTION_INLINE vec add_halves(vec one, vec other, std::integer_sequence<int, I...>) noexcept {
  constexpr int width = static_cast<int>(lanes);
  return __builtin_shufflevector(one, other, (I % (2 * Apart) < Apart ? I : width + I - Apart)...) +
         __builtin_shufflevector(one, other, (I % (2 * Apart) < Apart ? I + Apart : width + I)...);
}

template <int Apart>
ATTENTION_INLINE void halve(vec (&each)[lanes]) noexcept {
  if constexpr (Apart != 0) {
    for (std::size_t i = 0; i < Apart; ++i) {
      each[i] = add_halves<Apart>(each[i], each[i + Apart], lane_numbers{});
    }
    halve<Apart / 2>(each);
  }
}

template <int Apart, int... I>
ATTENTION_INLINE vec swapped(vec value, std::integer_sequence<int, I...>) noexcept {
  return __builtin_shufflevector(value, value, (I ^ Apart)...);
}

}  // namespace detail

/// The vector whose lane i is the sum of all lanes of `each[i]`, which is used up: in
/// `log2(lanes)` rounds, each of which leaves half as many vectors.
ATTENTION_INLINE vec sums_of(vec (&each)[lanes]) noexcept {
  detail::halve<static_cast<int>(lanes / 2)>(each);
  return each[0];
}

/// In every lane, the largest of its block of `Width` lanes, a power of 2.
template <int Width>
ATTENTION_INLINE vec largest_in_blocks(vec value) noexcept {
  if constexpr (Width > 1) {
    value = max(value, detail::swapped<Width / 2>(value, detail::lane_numbers{}));
    return largest_in_blocks<Width / 2>(value);
  } else {
    return value;
  }
}

}  // namespace attention::ATTENTION_TARGET
