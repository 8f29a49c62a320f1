// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/core/config.hpp>
#include <kvfolio/vm/tensor_layout.hpp>

namespace kvfolio::vm {

/// Which layers share a tensor.
enum class layer_grouping : std::uint8_t {
  apart,     ///< none: each has its own, `[tokens, kv_heads, dim]`
  together,  ///< all: `[tokens, layers, kv_heads, dim]`
};

/// A tensor for each part of a token, for each layer or for all of them: `per_layer` and
/// `token_sliced`.
///
/// Where the parts of a token differ in size, a row has as many tokens as fill whole chunks of all
/// of them. A value of 48 bytes; all members but the constructor and `for_each_piece` are O(1).
template <layer_grouping Layers>
class part_tensors {
 public:
  static constexpr bool in_blocks = false;  ///< all tokens of a sequence are at one stride

  /// Of `shape`, in chunks of `chunk_bytes`. \throws as `tensor_layout` says
  constexpr part_tensors(const model::cache_shape& shape, std::size_t chunk_bytes)
      : shape_{shape}, chunk_bytes_{chunk_bytes} {
    model::check(shape);
    for (const auto part : all_parts) {
      if (part_bytes(shape, part) == 0) continue;
      tokens_ = tokens_of_whole_chunks(tokens_, token_bytes(part), chunk_bytes);
    }
  }

  /// What the tokens are made of.
  [[nodiscard]] constexpr const model::cache_shape& shape() const noexcept { return shape_; }
  /// Tensors: one for each part, of each layer if these are apart.
  [[nodiscard]] constexpr std::uint32_t tensors() const noexcept {
    return parts_of(shape_) * (shape_.layers / layers_of_one());
  }
  /// Chunks of a row in `tensor`.
  [[nodiscard]] constexpr std::uint32_t chunks(std::uint32_t tensor) const noexcept {
    return static_cast<std::uint32_t>(bytes_in(tensor) * tokens_ / chunk_bytes_);
  }
  /// Tokens of a row.
  [[nodiscard]] constexpr std::uint32_t tokens_per_row() const noexcept { return tokens_; }

  /// Where `part` of `layer` is. Precondition: they exist.
  [[nodiscard]] constexpr part_place place(kv_part part, std::uint32_t layer) const noexcept {
    KVFOLIO_EXPECTS(layer < shape_.layers && part_bytes(shape_, part) != 0);
    const auto bytes = token_bytes(part);
    return {.tensor = layer / layers_of_one() * parts_of(shape_) + parts_before(shape_, part),
            .offset = layer % layers_of_one() * (bytes / layers_of_one()),
            .token_stride = bytes,
            .block_stride = 0,
            .block_tokens = 0};
  }

  /// Calls `visit(tensor, offset, bytes)` once for each tensor.
  template <class Visit>
  constexpr void for_each_piece(std::size_t first, std::size_t count, Visit&& visit) const {
    if (count == 0) return;
    for (std::uint32_t tensor = 0; tensor < tensors(); ++tensor) {
      visit(tensor, first * bytes_in(tensor), count * bytes_in(tensor));
    }
  }

 private:
  [[nodiscard]] constexpr std::uint32_t layers_of_one() const noexcept {
    return Layers == layer_grouping::apart ? 1 : shape_.layers;
  }
  // Bytes of a token in the tensor of such parts.
  [[nodiscard]] constexpr std::size_t token_bytes(kv_part part) const noexcept {
    return part_bytes(shape_, part) * shape_.kv_heads * layers_of_one();
  }
  [[nodiscard]] constexpr std::size_t bytes_in(std::uint32_t tensor) const noexcept {
    KVFOLIO_EXPECTS(tensor < tensors());
    return token_bytes(part_at(shape_, tensor % parts_of(shape_)));
  }

  model::cache_shape shape_;
  std::size_t chunk_bytes_;
  std::uint32_t tokens_ = 1;
};

}  // namespace kvfolio::vm
