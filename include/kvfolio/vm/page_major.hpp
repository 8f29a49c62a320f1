// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/vm/tensor_layout.hpp>

namespace kvfolio::vm {

/// One tensor of blocks of `Tokens` tokens, `[blocks, layers, parts, Tokens, kv_heads, dim]`: a
/// block lies together in all layers, as whoever moves it likes it, and a row maps the fewest
/// chunks (kvcached's contiguous layout, 2025).
///
/// Views have a dimension for the blocks. Kernels that read one layer skip all others after each
/// block; make them long. A value of 48 bytes; all members but `for_each_piece` are O(1).
template <std::uint32_t Tokens = 16>
class page_major {
  static_assert(Tokens > 0);

 public:
  static constexpr bool in_blocks = true;  ///< views have a dimension for blocks

  /// Of `shape`, in chunks of `chunk_bytes`. \throws as `tensor_layout` says
  constexpr page_major(const model::cache_shape& shape, std::size_t chunk_bytes)
      : shape_{shape}, chunk_bytes_{chunk_bytes} {
    model::check(shape);
    tokens_ = tokens_of_whole_chunks(Tokens, shape.bytes_per_token(), chunk_bytes);
  }

  /// What the tokens are made of.
  [[nodiscard]] constexpr const model::cache_shape& shape() const noexcept { return shape_; }
  /// One.
  [[nodiscard]] constexpr std::uint32_t tensors() const noexcept { return 1; }
  /// Chunks of a row in the tensor.
  [[nodiscard]] constexpr std::uint32_t chunks(
      [[maybe_unused]] std::uint32_t tensor) const noexcept {
    KVFOLIO_EXPECTS(tensor == 0);
    return static_cast<std::uint32_t>(shape_.bytes_per_token() * tokens_ / chunk_bytes_);
  }
  /// Tokens of a row: whole blocks.
  [[nodiscard]] constexpr std::uint32_t tokens_per_row() const noexcept { return tokens_; }

  /// Where `part` of `layer` is. Precondition: they exist.
  [[nodiscard]] constexpr part_place place(kv_part part, std::uint32_t layer) const noexcept {
    KVFOLIO_EXPECTS(layer < shape_.layers && part_bytes(shape_, part) != 0);
    std::size_t before = shape_.bytes_per_token() / shape_.layers * layer;
    for (const auto each : all_parts) before += each < part ? token_bytes(each) : 0;
    return {.tensor = 0,
            .offset = before * Tokens,
            .token_stride = token_bytes(part),
            .block_stride = block_bytes(),
            .block_tokens = Tokens};
  }

  /// Calls `visit(0, offset, bytes)` for each run of whole blocks, and for each part of each layer
  /// of other blocks.
  template <class Visit>
  constexpr void for_each_piece(std::size_t first, std::size_t count, Visit&& visit) const {
    const auto end = first + count;
    while (first < end) {
      const auto block = first / Tokens;
      const auto whole = end / Tokens;  // those before it are whole, but perhaps for the first
      if (first % Tokens == 0 && block < whole) {
        visit(std::uint32_t{0}, block * block_bytes(), (whole - block) * block_bytes());
        first = whole * Tokens;
      } else {
        const auto stop = std::min(end, (block + 1) * Tokens);
        visit_part_of_block(first, stop - first, visit);
        first = stop;
      }
    }
  }

 private:
  [[nodiscard]] constexpr std::size_t token_bytes(kv_part part) const noexcept {
    return part_bytes(shape_, part) * shape_.kv_heads;
  }
  [[nodiscard]] constexpr std::size_t block_bytes() const noexcept {
    return shape_.bytes_per_token() * Tokens;
  }

  // `count` tokens of one block.
  template <class Visit>
  constexpr void visit_part_of_block(std::size_t first, std::size_t count, Visit& visit) const {
    const auto start = first / Tokens * block_bytes();
    for (std::uint32_t layer = 0; layer < shape_.layers; ++layer) {
      for (const auto part : all_parts) {
        const auto bytes = token_bytes(part);
        if (bytes == 0) continue;
        visit(std::uint32_t{0}, start + place(part, layer).offset + first % Tokens * bytes,
              count * bytes);
      }
    }
  }

  model::cache_shape shape_;
  std::size_t chunk_bytes_;
  std::uint32_t tokens_ = 0;
};

static_assert(tensor_layout<page_major<>>);

}  // namespace kvfolio::vm
