// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <attention/element.hpp>
#include <attention/kernels.hpp>

namespace attention::ATTENTION_TARGET {

/// Converts a run to floats, scales applied, with zeros up to the next multiple of
/// `kernels::alignment`.
template <class Element>
void gather(const token_run& run, std::size_t key_dim, float* keys, std::size_t key_stride,
            std::size_t value_dim, float* values, std::size_t value_stride) {
  const auto convert = [](const std::byte* from, std::size_t size, float* to, float scale) {
    std::size_t at = 0;
    const auto put = [&](vec read) __attribute__((always_inline)) {
      store(to + at, Element::scaled ? read * scale : read);
    };
    for (; at + lanes <= size; at += lanes) put(Element::read(from + at * Element::bytes));
    if (at < size) {
      put(read_some<Element>(from + at * Element::bytes, size - at));
      at += lanes;
    }
    for (; at % kernels::alignment != 0; at += lanes) store(to + at, vec{});
  };
  for (std::size_t token = 0; token < run.tokens; ++token) {
    scale_pair scales{1, 1};
    if constexpr (Element::scaled) scales = read_scales(run.scales + token * run.scale_stride);
    convert(run.keys + token * run.key_stride, key_dim, keys + token * key_stride, scales.key);
    if (values == nullptr) continue;
    convert(run.values + token * run.value_stride, value_dim, values + token * value_stride,
            scales.value);
  }
}

/// `[Height, Width * lanes]` of a product of matrices, in registers: `left` is `[Height, depth]`
/// with any strides, `right` `[depth, stride]`.
template <std::size_t Height, std::size_t Width>
ATTENTION_INLINE void multiply(const float* left, std::size_t left_row, std::size_t left_column,
                               const float* right, std::size_t stride, std::size_t depth,
                               vec (&product)[Height][Width]) noexcept {
  for (std::size_t k = 0; k < depth; ++k) {
    vec across[Width];
    for (std::size_t j = 0; j < Width; ++j) across[j] = load(right + j * lanes);
    for (std::size_t i = 0; i < Height; ++i) {
      const vec down = all(left[i * left_row]);
      for (std::size_t j = 0; j < Width; ++j) product[i][j] += down * across[j];
    }
    left += left_column;
    right += stride;
  }
}

/// Calls `block.operator()<Height, Width>(row, column)` for blocks that cover `rows` times
/// `columns`, as large as registers allow.
template <class Block>
ATTENTION_INLINE void for_each_block(std::size_t rows, std::size_t columns, Block block) {
  constexpr std::size_t high = lanes == 16 ? 8 : 6;
  constexpr std::size_t wide = lanes == 16 ? 3 : 2;
  const auto down = [&]<std::size_t Width>(std::size_t column,
                                           std::integral_constant<std::size_t, Width>) {
    std::size_t row = 0;
    for (; row + high <= rows; row += high) block.template operator()<high, Width>(row, column);
    for (; row < rows; ++row) block.template operator()<1, Width>(row, column);
  };
  std::size_t column = 0;
  for (; column + wide * lanes <= columns; column += wide * lanes) {
    down(column, std::integral_constant<std::size_t, wide>{});
  }
  if constexpr (wide > 2) {
    if (column + 2 * lanes <= columns) {
      down(column, std::integral_constant<std::size_t, 2>{});
      column += 2 * lanes;
    }
  }
  if (column < columns) down(column, std::integral_constant<std::size_t, 1>{});
}

/// Many queries meet up to 96 tokens. Everything is transposed: a row of `scores` is a token, and
/// its lanes are queries, so that the softmax, too, is plain arithmetic on whole vectors, without a
/// sum across lanes.
inline void tile(const tile_step& step) {
  const auto rows = step.rows;
  for_each_block(step.tokens, rows,
                 [&]<std::size_t H, std::size_t W>(std::size_t token, std::size_t row) {
                   vec product[H][W] = {};
                   multiply(step.keys + token * step.key_stride, step.key_stride, 1,
                            step.queries + row, rows, step.key_dim, product);
                   for (std::size_t i = 0; i < H; ++i) {
                     for (std::size_t j = 0; j < W; ++j) {
                       store(step.scores + (token + i) * rows + row + j * lanes, product[i][j]);
                     }
                   }
                 });

  for (std::size_t row = 0; row < rows; row += lanes) {
    auto* const scores = step.scores + row;
    if (step.visible != nullptr) {
      const auto& seen = *step.visible;
      const auto from = bits(load(seen.from + row));
      const auto until = bits(load(seen.until + row));
      for (std::size_t token = 0; token < step.tokens; ++token) {
        const auto position = all(seen.first + static_cast<std::int32_t>(token));
        const ints shown = (position < until) & ((position >= from) | (position < seen.sinks));
        auto* const score = scores + token * rows;
        store(score, choose(shown, load(score), all(-__builtin_inff())));
      }
    }
    const vec largest = load(step.state + row);
    vec top = largest;
    for (std::size_t token = 0; token < step.tokens; ++token) {
      top = max(top, load(scores + token * rows));
    }
    vec total = load(step.state + rows + row);
    if (any(top > largest)) {
      const vec shrink = exp2(largest - top);
      total *= shrink;
      for (std::size_t i = 0; i < step.value_dim; ++i) {
        auto* const sum = step.state + (2 + i) * rows + row;
        store(sum, load(sum) * shrink);
      }
      store(step.state + row, top);
    }
    vec part{};
    for (std::size_t token = 0; token < step.tokens; ++token) {
      const vec weight = exp2(load(scores + token * rows) - top);
      part += weight;
      store(scores + token * rows, weight);
    }
    store(step.state + rows + row, total + part);
  }

  for_each_block(step.value_dim, rows,
                 [&]<std::size_t H, std::size_t W>(std::size_t at, std::size_t row) {
                   vec product[H][W] = {};
                   multiply(step.values + at, 1, step.value_stride, step.scores + row, rows,
                            step.tokens, product);
                   for (std::size_t i = 0; i < H; ++i) {
                     for (std::size_t j = 0; j < W; ++j) {
                       auto* const sum = step.state + (2 + at + i) * rows + row + j * lanes;
                       store(sum, load(sum) + product[i][j]);
                     }
                   }
                 });
}

}  // namespace attention::ATTENTION_TARGET
