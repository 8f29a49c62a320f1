// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/model/block_format.hpp>

namespace kvfolio::model {

/// What a weight is for, which decides how it is stored.
enum class weight_kind : std::uint8_t {
  matrix,     ///< of attention or of an MLP: what quantisation is about
  vector,     ///< norms, biases, and routers, which stay precise
  embedding,  ///< the rows of tokens, or of positions
  head,       ///< what turns hidden states into logits
};

/// How tensor parallelism divides a weight.
enum class weight_cut : std::uint8_t {
  whole,       ///< every rank has all of it
  heads,       ///< by query heads
  kv_heads,    ///< by KV heads; a head is on several ranks where there are fewer heads than ranks
  width,       ///< by the inner elements of an MLP
  vocabulary,  ///< by tokens
};

/// One matrix or vector of a model, as a number of equal units that a cut never divides further.
struct weight {
  weight_kind kind = weight_kind::matrix;  ///< how it is stored
  weight_cut cut = weight_cut::whole;      ///< how it is divided
  std::uint64_t units = 1;                 ///< what the cut counts: heads, elements, tokens
  std::uint64_t unit_elements = 0;         ///< elements of each unit
  std::uint64_t row = 0;      ///< elements that lie together, and share the blocks of a format
  bool across_rows = false;   ///< a cut shortens the rows, and does not part them
  std::uint32_t experts = 0;  ///< routed experts that have one like this each; 0: it is no expert's

  /// Elements of `count` units, in one expert.
  [[nodiscard]] constexpr std::uint64_t elements(std::uint64_t count) const noexcept {
    return count * unit_elements;
  }
  /// Elements of the whole, in all experts.
  [[nodiscard]] constexpr std::uint64_t elements() const noexcept {
    return elements(units) * (experts == 0 ? 1 : experts);
  }
};

/// How a checkpoint stores its weights.
struct weight_formats {
  block_format matrices = plain(dtype::bf16);   ///< of attention and MLPs
  block_format vectors = plain(dtype::bf16);    ///< norms, biases, routers
  block_format embedding = plain(dtype::bf16);  ///< tokens and positions
  block_format head = plain(dtype::bf16);       ///< if it is not the embedding

  /// Returns the format of a weight of this kind.
  [[nodiscard]] constexpr const block_format& of(weight_kind kind) const noexcept {
    switch (kind) {
      case weight_kind::matrix: return matrices;
      case weight_kind::vector: return vectors;
      case weight_kind::embedding: return embedding;
      case weight_kind::head: return head;
    }
    return matrices;
  }
};

/// Returns the formats of a checkpoint all of whose weights are plain elements of `type`.
[[nodiscard]] constexpr weight_formats uniform(dtype type) noexcept {
  return {plain(type), plain(type), plain(type), plain(type)};
}

/// Returns the formats of a GGUF file whose matrices and embedding are in `matrices`, its head in
/// `head`, and its vectors in `f32`.
[[nodiscard]] constexpr weight_formats gguf(const block_format& matrices,
                                            const block_format& head) noexcept {
  return {matrices, plain(dtype::f32), matrices, head};
}

/// Returns the bytes of `count` units of `part`, in one expert.
/// \throws std::invalid_argument if a row is not a whole number of the format's blocks
[[nodiscard]] constexpr std::uint64_t bytes_in(const weight_formats& formats, const weight& part,
                                               std::uint64_t count) {
  const auto& format = formats.of(part.kind);
  const auto elements = part.elements(count);
  if (elements == 0) return 0;
  const auto row = part.across_rows ? part.row / part.units * count : part.row;
  const auto rows = elements / row;
  if (format == model::formats::fp8_block_128) {  // squares, which may be partial at the edges
    return elements + 4 * ceil_div(rows, std::uint64_t{128}) * ceil_div(row, std::uint64_t{128});
  }
  if (format == model::formats::nf4_double) {  // blocks of 64, which know no rows
    const auto blocks = ceil_div(elements, std::uint64_t{64});
    return ceil_div(elements, std::uint64_t{2}) + blocks + 4 * ceil_div(blocks, std::uint64_t{256});
  }
  if (format == model::formats::int4_group_128) {  // zero points of two rows share a byte
    static_cast<void>(bytes_in({128, 1}, rows, row));
    return ceil_div(elements / 128 * 133, std::uint64_t{2});
  }
  return bytes_in(format, rows, row);
}

}  // namespace kvfolio::model
