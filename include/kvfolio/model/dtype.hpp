// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace kvfolio {

/// How one element of a cache is stored.
enum class dtype : std::uint8_t {
  f32,   ///< IEEE 754 binary32
  f16,   ///< IEEE 754 binary16
  bf16,  ///< the upper half of binary32
  f8,    ///< any 8-bit float (E4M3, E5M2)
  i8,    ///< 8-bit integer, scaled
  i4,    ///< 4-bit integer, scaled, two in a byte
};

/// Returns the bits of one element of `type`, scales not included.
[[nodiscard]] constexpr std::uint32_t bits_of(dtype type) noexcept {
  switch (type) {
    case dtype::f32: return 32;
    case dtype::f16:
    case dtype::bf16: return 16;
    case dtype::f8:
    case dtype::i8: return 8;
    case dtype::i4: return 4;
  }
  return 0;
}

}  // namespace kvfolio
