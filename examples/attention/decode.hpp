// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <vector>

#include <tbb/blocked_range2d.h>
#include <tbb/parallel_for.h>

#include <kvfolio/core/types.hpp>
#include <kvfolio/model/dtype.hpp>
#include <kvfolio/model/page_array.hpp>

#include <attention/half.hpp>
#include <attention/online_softmax.hpp>
#include <attention/paged_row.hpp>

namespace attention {

namespace kv = kvfolio;

/// One decode step of one layer: a query for each sequence and query head.
struct decode_step {
  std::span<const paged_row> rows;  ///< the sequences: their pages and lengths
  kv::model::page_array pages;      ///< the bytes of all pages, and where in them everything is
  kv::dtype type;                   ///< of the elements: f32 or f16
  std::uint32_t layer = 0;          ///< whose keys and values to read
  std::uint32_t query_heads = 0;    ///< a multiple of the KV heads; neighbours share one
  std::span<const float> queries;   ///< `[rows, query_heads, key_dim]`
};

/// Does nothing for a step that can be taken, and whose result fits `output`.
/// \throws std::invalid_argument saying what is wrong, and what would be right
inline void check(const decode_step& step, std::span<const float> output) {
  const auto refuse_if = [](bool wrong, const char* what) {
    if (wrong) throw std::invalid_argument(what);
  };
  const auto& layout = step.pages.layout();
  const auto& shape = layout.shape();
  const auto heads = step.rows.size() * step.query_heads;
  refuse_if(step.type != kv::dtype::f32 && step.type != kv::dtype::f16,
            "attention: elements must be f32 or f16");
  refuse_if(kv::bits_of(step.type) != shape.bits_per_element,
            "attention: the cache's bits_per_element is not the element type's");
  refuse_if(shape.value_dim == 0 || shape.scale_bytes != 0,
            "attention: latent and scaled caches need another kernel");
  refuse_if(step.layer >= shape.layers, "attention: the cache has no such layer");
  refuse_if(step.query_heads == 0 || step.query_heads % shape.kv_heads != 0,
            "attention: query_heads must be a multiple of kv_heads");
  refuse_if(step.queries.size() != heads * shape.key_dim,
            "attention: queries must be [rows, query_heads, key_dim]");
  refuse_if(output.size() != heads * shape.value_dim,
            "attention: output must be [rows, query_heads, value_dim]");
  for (const auto& row : step.rows) {
    refuse_if(row.length > row.pages.size() * layout.tokens(),
              "attention: a sequence is longer than its pages");
  }
}

namespace detail {

// Reads `size` elements of `type` at `from`, of any alignment.
inline void load(const std::byte* from, kv::dtype type, std::size_t size, float* to) noexcept {
  if (type == kv::dtype::f32) {
    std::memcpy(to, from, size * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < size; ++i) {
    half element{};
    std::memcpy(&element, from + i * sizeof(half), sizeof(half));
    to[i] = to_float(element);
  }
}

}  // namespace detail

/// One part of `decode`: writes the attention of the query heads that share KV head `head` in row
/// `number`. Parts read what they share and write what they do not, so they may run on any threads
/// at the same time. Precondition: `check(step, output)` does not throw, `number` and `head` exist,
/// and `step.pages` has every page of the row.
inline void attend(const decode_step& step, std::size_t number, std::uint32_t head,
                   std::span<float> output) {
  constexpr auto most = online_softmax::most_tokens;
  const auto& row = step.rows[number];
  const auto& layout = step.pages.layout();
  const std::size_t key_dim = layout.shape().key_dim;
  const std::size_t value_dim = layout.shape().value_dim;
  const auto group = step.query_heads / layout.shape().kv_heads;
  const auto first_query = number * step.query_heads + std::size_t{head} * group;
  online_softmax sum{step.queries.subspan(first_query * key_dim, group * key_dim), key_dim,
                     value_dim, 1 / std::sqrt(static_cast<float>(key_dim))};
  std::vector<float> keys(most * key_dim);
  std::vector<float> values(most * value_dim);
  for (std::size_t position = 0; position < row.length;) {
    const auto page = static_cast<kv::page_id>(row.pages[position / layout.tokens()]);
    const auto bytes = step.pages[page];
    const auto first = static_cast<std::uint32_t>(position % layout.tokens());
    const auto tokens =
        std::min({most, row.length - position, std::size_t{layout.tokens() - first}});
    for (std::uint32_t i = 0; i < tokens; ++i) {
      detail::load(&bytes[layout.key(step.layer, head, first + i)], step.type, key_dim,
                   &keys[i * key_dim]);
      detail::load(&bytes[layout.value(step.layer, head, first + i)], step.type, value_dim,
                   &values[i * value_dim]);
    }
    sum.add(keys.data(), values.data(), tokens);
    position += tokens;
  }
  sum.finish(&output[first_query * value_dim]);
}

/// Writes the attention of every query over all tokens of its sequence, scaled by
/// `1 / sqrt(key_dim)`, to `output`, `[rows, query_heads, value_dim]`; zeros for a sequence without
/// tokens.
///
/// Sequences and KV heads run in parallel on oneTBB, each of them on one thread and in one order,
/// so that results do not depend on the number of threads. \throws what `check(step, output)`
/// throws. Precondition: `step.pages` has every page of every row.
inline void decode(const decode_step& step, std::span<float> output) {
  check(step, output);
  const auto kv_heads = step.pages.layout().shape().kv_heads;
  using range = tbb::blocked_range2d<std::size_t, std::uint32_t>;
  tbb::parallel_for(range{0, step.rows.size(), 0, kv_heads}, [&](const range& part) {
    for (auto row = part.rows().begin(); row != part.rows().end(); ++row) {
      for (auto head = part.cols().begin(); head != part.cols().end(); ++head) {
        attend(step, row, head, output);
      }
    }
  });
}

}  // namespace attention
