// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include <kvfolio/cache_config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/model/cache_shape.hpp>
#include <kvfolio/vm/tensor_layout.hpp>

namespace kvfolio {

/// How large a contiguous cache is, and of what. Everything it ever needs but mappings is there
/// when it is made.
struct contiguous_config {
  model::cache_shape shape{};        ///< what is kept of one token
  std::size_t max_tokens = 0;        ///< of one sequence: addresses are reserved for so many
  std::uint32_t max_sequences = 64;  ///< that live at the same time; each has addresses of its own
  std::size_t bytes = 0;             ///< physical memory, of which whole rows are used
  std::size_t chunk_bytes = 65'536;  ///< of which rows are made; devices have 2 MiB
  std::uint32_t look_ahead = 0;  ///< tokens beyond its length that a sequence should have mapped
  std::optional<std::uint64_t> key_seed{};  ///< of the keys by which prefixes are found: a secret
                                            ///< that no decision depends on; random if not given

  /// How large the cache is whose pages are the rows of `layout`, if there can be one.
  /// \throws std::invalid_argument saying what is wrong, and what would be right
  /// \throws std::length_error if there is more than can be counted
  template <tensor_layout Layout>
  [[nodiscard]] constexpr cache_config in_rows(const Layout& layout) const {
    if (max_tokens == 0) {
      throw std::invalid_argument(
          "kvfolio: max_tokens is 0; addresses are reserved for the longest sequence, 131072 "
          "tokens perhaps");
    }
    const auto row_bytes = checked_mul(shape.bytes_per_token(), layout.tokens_per_row());
    const auto rows = bytes / row_bytes;
    if (rows == 0) {
      throw std::invalid_argument(
          "kvfolio: bytes is less than a row of chunks, one for each tensor; give more, or choose "
          "smaller chunks");
    }
    if (rows >= std::size_t{1} << 31U) {
      throw std::invalid_argument("kvfolio: bytes is more than 2^31 rows; choose larger chunks");
    }
    return checked({.shape = shape,
                    .tokens_per_page = layout.tokens_per_row(),
                    .pages = static_cast<std::uint32_t>(rows),
                    .max_sequences = max_sequences,
                    .max_tokens = max_tokens,
                    .order = model::token_order::token_major,
                    .key_seed = key_seed});
  }
};

}  // namespace kvfolio
