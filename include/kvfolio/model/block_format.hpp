// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include <kvfolio/core/math.hpp>
#include <kvfolio/model/dtype.hpp>

namespace kvfolio::model {

/// How weights are stored: in blocks of `elements`, each of which takes `bytes` with its scales.
/// Exact where bits per weight are not: 18 bytes for 32 weights are 4.5 bits.
struct block_format {
  std::uint32_t elements = 1;  ///< of a block; they lie in one row of the matrix
  std::uint32_t bytes = 2;     ///< of a block

  /// Bits of one element, scales included.
  [[nodiscard]] constexpr double bits_per_element() const noexcept {
    return 8.0 * bytes / elements;
  }
  /// Equal in both members.
  friend constexpr bool operator==(const block_format&, const block_format&) = default;
};

/// Returns the format of plain elements of `type`. Two `i4` are in a byte.
[[nodiscard]] constexpr block_format plain(dtype type) noexcept {
  return type == dtype::i4 ? block_format{2, 1} : block_format{1, bits_of(type) / 8};
}

/// Returns the bytes of `rows` rows of `row` elements.
/// \throws std::invalid_argument if a row is not a whole number of blocks
[[nodiscard]] constexpr std::uint64_t bytes_in(const block_format& format, std::uint64_t rows,
                                               std::uint64_t row) {
  if (row % format.elements != 0) {
    throw std::invalid_argument("kvfolio: a row of " + std::to_string(row) +
                                " weights is not a whole number of blocks of " +
                                std::to_string(format.elements) +
                                "; choose a format with smaller blocks, or cut it elsewhere");
  }
  return checked_mul(checked_mul(row / format.elements, format.bytes), rows);
}

/// The block formats of GGUF files (ggml, `ggml-common.h`), and of common checkpoints.
namespace formats {
inline constexpr block_format q4_0{32, 18};      ///< a half scale for 32
inline constexpr block_format q4_1{32, 20};      ///< a half scale and minimum
inline constexpr block_format q5_0{32, 22};      ///< a half scale for 32
inline constexpr block_format q5_1{32, 24};      ///< a half scale and minimum
inline constexpr block_format q8_0{32, 34};      ///< a half scale for 32
inline constexpr block_format q2_k{256, 84};     ///< scales and minima of 16
inline constexpr block_format q3_k{256, 110};    ///< 6-bit scales of 16
inline constexpr block_format q4_k{256, 144};    ///< 6-bit scales and minima of 32
inline constexpr block_format q5_k{256, 176};    ///< 6-bit scales and minima of 32
inline constexpr block_format q6_k{256, 210};    ///< 8-bit scales of 16
inline constexpr block_format iq4_nl{32, 18};    ///< 16 levels that are not equidistant
inline constexpr block_format iq4_xs{256, 136};  ///< the same, with 6-bit scales of 32
inline constexpr block_format mxfp4{32, 17};     ///< an exponent for 32 (OCP, 2023)
inline constexpr block_format nvfp4{16, 9};      ///< an E4M3 scale for 16
/// GPTQ and AWQ with groups of 128: 4 bits, a half scale and a 4-bit zero point for each group.
inline constexpr block_format int4_group_128{256, 133};
inline constexpr block_format nf4{64, 36};  ///< a float scale for 64 (Dettmers et al., QLoRA, 2023)
/// The same with 8-bit scales, themselves with a float for 256 of them.
inline constexpr block_format nf4_double{16'384, 8'452};
/// E4M3 with a float for 128 rows of 128; the bytes of whole such squares.
inline constexpr block_format fp8_block_128{16'384, 16'388};
}  // namespace formats

}  // namespace kvfolio::model
