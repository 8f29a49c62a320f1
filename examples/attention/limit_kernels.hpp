// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <attention/simd.hpp>

namespace attention::ATTENTION_TARGET {

/// Adds up all floats: one load and one addition for each vector, which four sums keep apart.
inline float read(const std::byte* from, std::size_t bytes) {
  vec a{};
  vec b{};
  vec c{};
  vec d{};
  for (const auto* const end = from + bytes; from != end; from += 4 * sizeof(vec)) {
    a += load(from);
    b += load(from + sizeof(vec));
    c += load(from + 2 * sizeof(vec));
    d += load(from + 3 * sizeof(vec));
  }
  const vec whole = (a + b) + (c + d);
  float sum = 0;
  for (std::size_t i = 0; i < lanes; ++i) sum += whole[i];
  return sum;
}

/// Twelve chains of fused multiplications and additions: more than what is under way at once.
inline float compute(std::size_t count, float start) {
  // By name: gcc 12 keeps an array of as many in memory.
  const vec factor = all(0.999F);
  vec a = all(start);  // no two alike, or they would be one
  vec b = a + 1.0F;
  vec c = a + 2.0F;
  vec d = a + 3.0F;
  vec e = a + 4.0F;
  vec f = a + 5.0F;
  vec g = a + 6.0F;
  vec h = a + 7.0F;
  vec i = a + 8.0F;
  vec j = a + 9.0F;
  vec k = a + 10.0F;
  vec l = a + 11.0F;
  for (; count != 0; --count) {
    a = a * factor + factor;
    b = b * factor + factor;
    c = c * factor + factor;
    d = d * factor + factor;
    e = e * factor + factor;
    f = f * factor + factor;
    g = g * factor + factor;
    h = h * factor + factor;
    i = i * factor + factor;
    j = j * factor + factor;
    k = k * factor + factor;
    l = l * factor + factor;
  }
  const vec sum = ((a + b) + (c + d)) + ((e + f) + (g + h)) + ((i + j) + (k + l));
  return sum[0];
}

}  // namespace attention::ATTENTION_TARGET
