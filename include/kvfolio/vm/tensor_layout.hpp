// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/model/cache_shape.hpp>
#include <kvfolio/vm/strided_view.hpp>

namespace kvfolio {
namespace vm {

/// What a cache keeps of a token in each layer. A shape may lack values and scales.
enum class kv_part : std::uint8_t { keys, values, scales };

/// All of them, in the order in which layouts have them.
inline constexpr std::array all_parts{kv_part::keys, kv_part::values, kv_part::scales};

/// Bytes of `part` of a token in one layer and head; 0 where `shape` has none.
[[nodiscard]] constexpr std::size_t part_bytes(const model::cache_shape& shape,
                                               kv_part part) noexcept {
  switch (part) {
    case kv_part::keys: return shape.key_bytes();
    case kv_part::values: return shape.value_bytes();
    case kv_part::scales: return shape.scale_bytes;
  }
  return 0;
}

/// How many parts of `shape` have bytes, of those before `end`.
[[nodiscard]] constexpr std::uint32_t parts_before(const model::cache_shape& shape,
                                                   kv_part end) noexcept {
  std::uint32_t count = 0;
  for (const auto part : all_parts) count += part < end && part_bytes(shape, part) != 0 ? 1 : 0;
  return count;
}

/// How many parts of `shape` have bytes.
[[nodiscard]] constexpr std::uint32_t parts_of(const model::cache_shape& shape) noexcept {
  return parts_before(shape, kv_part::scales) + (shape.scale_bytes != 0 ? 1 : 0);
}

/// The part of `shape` before which there are `number`. Precondition: it has more than that.
[[nodiscard]] constexpr kv_part part_at(const model::cache_shape& shape,
                                        std::uint32_t number) noexcept {
  KVFOLIO_EXPECTS(number < parts_of(shape));
  auto part = kv_part::keys;
  for (const auto each : all_parts) {
    if (part_bytes(shape, each) != 0 && parts_before(shape, each) == number) part = each;
  }
  return part;
}

/// Where one part of one layer is among the addresses of a sequence, in bytes.
struct part_place {
  std::uint32_t tensor;        ///< in which tensor
  std::size_t offset;          ///< of the first token, from the start of the sequence's addresses
  std::size_t token_stride;    ///< from one token to the next, within a block
  std::size_t block_stride;    ///< from one block to the next; 0 if all tokens are one
  std::uint32_t block_tokens;  ///< tokens of a block; 0 if all tokens are one

  /// Equal in every member.
  friend constexpr bool operator==(const part_place&, const part_place&) = default;
};

/// The least multiple of `tokens` that fills whole chunks where each of them has `token_bytes`.
/// \throws std::invalid_argument if a chunk has no bytes
/// \throws std::length_error if they are too many to count
[[nodiscard]] constexpr std::uint32_t tokens_of_whole_chunks(std::uint32_t tokens,
                                                             std::size_t token_bytes,
                                                             std::size_t chunk_bytes) {
  if (chunk_bytes == 0) {
    throw std::invalid_argument("kvfolio: chunk_bytes is 0; 65536 and 2097152 are usual");
  }
  const auto more = chunk_bytes / std::gcd(checked_mul(token_bytes, tokens), chunk_bytes);
  const auto all = checked_mul(more, tokens);
  if (all > UINT32_MAX) throw std::length_error("kvfolio: a row of chunks has too many tokens");
  return static_cast<std::uint32_t>(all);
}

}  // namespace vm

/// Where the keys and values of a sequence lie, if they are contiguous in virtual memory.
///
/// A layout has one or more tensors. Each sequence has addresses of its own in every tensor, and a
/// *row* of physical chunks fills these for the same tokens in all tensors: row `p` has tokens
/// `[p * tokens_per_row(), (p + 1) * tokens_per_row())`, whole chunks of them and no padding.
///
/// | expression                    | meaning                                                       |
/// |-------------------------------|---------------------------------------------------------------|
/// | `L(shape, chunk_bytes)`       | of `shape`, in chunks of so many bytes. Throws what           |
/// |                               | `model::check(shape)` does, `std::length_error` if a row is   |
/// |                               | too large, `std::invalid_argument` for `chunk_bytes == 0`     |
/// | `shape()`                     | the shape                                                     |
/// | `tensors()`                   | how many there are                                            |
/// | `chunks(tensor)`              | chunks of a row in `tensor`                                   |
/// | `tokens_per_row()`            | tokens of a row                                               |
/// | `place(part, layer)`          | `vm::part_place`. `shape` has that part                       |
/// | `for_each_piece(first, count,`| calls `visit(tensor, offset, bytes)` for contiguous pieces    |
/// | `visit)`                      | that are the tokens `[first, first + count)` of a sequence,   |
/// |                               | few rather than many                                          |
/// | `L::in_blocks`                | constant: are there blocks of tokens, so that views of a part |
/// |                               | have a dimension more?                                        |
// clang-format off
template <class L>
concept tensor_layout =
    std::copyable<L> && std::constructible_from<L, model::cache_shape, std::size_t> &&
    requires(const L& layout, std::uint32_t number, vm::kv_part part,
             void (&visit)(std::uint32_t, std::size_t, std::size_t)) {
      { layout.shape() }             noexcept -> std::same_as<const model::cache_shape&>;
      { layout.tensors() }           noexcept -> std::same_as<std::uint32_t>;
      { layout.chunks(number) }      noexcept -> std::same_as<std::uint32_t>;
      { layout.tokens_per_row() }    noexcept -> std::same_as<std::uint32_t>;
      { layout.place(part, number) } noexcept -> std::same_as<vm::part_place>;
      { layout.for_each_piece(std::size_t{}, std::size_t{}, visit) } -> std::same_as<void>;
      requires std::same_as<decltype(L::in_blocks), const bool>;
    };
// clang-format on

namespace vm {

/// What kernels see of one part of one layer of a sequence: `[tokens, kv_heads, bytes]`, or
/// `[blocks, tokens, kv_heads, bytes]` for layouts with blocks.
template <tensor_layout L>
using part_view = strided_view<std::byte, L::in_blocks ? 4 : 3>;

/// Returns the view of `part` of `layer` for the first `tokens` tokens of the sequence whose
/// addresses in that tensor begin at `first`; whole blocks, where there are blocks. O(1).
/// Precondition: `layout.shape()` has that part.
template <tensor_layout L>
[[nodiscard]] part_view<L> view_of(const L& layout, std::byte* first, kv_part part,
                                   std::uint32_t layer, std::size_t tokens) noexcept {
  const auto& shape = layout.shape();
  const auto place = layout.place(part, layer);
  const auto entry = part_bytes(shape, part);
  const std::size_t heads = shape.kv_heads;
  if constexpr (L::in_blocks) {
    const std::size_t each = place.block_tokens;
    return {first + place.offset,
            {ceil_div(tokens, each), each, heads, entry},
            {place.block_stride, place.token_stride, entry, 1}};
  } else {
    return {first + place.offset, {tokens, heads, entry}, {place.token_stride, entry, 1}};
  }
}

}  // namespace vm
}  // namespace kvfolio
