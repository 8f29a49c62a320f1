// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <span>
#include <stdexcept>
#include <vector>

#include <kvfolio/memory/mapped.hpp>
#include <kvfolio/model/page_array.hpp>

#include <attention/geometry.hpp>
#include <attention/layout.hpp>

namespace attention::bench {

/// A batch of sequences of one length.
struct shape_of_batch {
  std::size_t sequences;
  std::size_t tokens;
};

/// Memory that all contenders read in their own way. Whatever type it is read as, its numbers are
/// finite and normal.
class memory {
 public:
  /// Maps and fills `bytes`. \throws std::bad_alloc
  explicit memory(std::size_t bytes) : bytes_{kv::memory::mapped{}.allocate(bytes).value()} {
    std::uint32_t state = 1;
    for (std::size_t i = 0; i + 4 <= bytes; i += 4) {
      state = state * 1'664'525U + 1'013'904'223U;
      // Two f16 with exponents from -3 to 0, of any sign.
      const auto numbers = (state & 0x8fff8fffU) | 0x30003000U;
      std::memcpy(&bytes_[i], &numbers, 4);
    }
  }
  memory(const memory&) = delete;
  memory(memory&&) = delete;
  memory& operator=(const memory&) = delete;
  memory& operator=(memory&&) = delete;
  ~memory() { kv::memory::mapped{}.deallocate(bytes_); }

  /// The first `bytes`. \throws std::length_error if there are fewer
  [[nodiscard]] std::span<std::byte> first(std::size_t bytes) const {
    if (bytes > bytes_.size())
      throw std::length_error("attention: the benchmark's memory is small");
    return bytes_.first(bytes);
  }

 private:
  std::span<std::byte> bytes_;
};

/// Pages in shuffled order, as a cache has them after a while, each with so many layers that
/// reading one after the other finds none of them in a cache of the processor.
class paged_batch {
 public:
  paged_batch(const memory& from, const kv::model::cache_shape& shape, shape_of_batch batch,
              std::uint32_t tokens_per_page, kv::model::token_order order)
      : layout_{shape, tokens_per_page, order} {
    const auto pages = kv::ceil_div<std::size_t>(batch.tokens, tokens_per_page);
    ids_.resize(pages * batch.sequences);
    std::iota(ids_.begin(), ids_.end(), 0);
    std::shuffle(ids_.begin(), ids_.end(), std::mt19937{7});
    for (std::size_t i = 0; i < batch.sequences; ++i) {
      rows_.push_back({std::span{ids_}.subspan(i * pages, pages), batch.tokens});
    }
    bytes_ = from.first(ids_.size() * layout_.bytes());
  }

  /// Sequences from `row` on begin with the first `tokens` of that one.
  void share(std::size_t tokens) {
    const auto pages = tokens / layout_.tokens();
    const auto of_row = static_cast<std::ptrdiff_t>(ids_.size() / rows_.size());
    for (std::size_t i = 1; i < rows_.size(); ++i) {
      std::copy_n(ids_.begin(), pages, ids_.begin() + static_cast<std::ptrdiff_t>(i) * of_row);
    }
  }

  /// A layer, by the number of a call.
  [[nodiscard]] paged layer(std::size_t call) const {
    return {rows_, kv::model::page_array{bytes_, layout_},
            static_cast<std::uint32_t>(call % layout_.shape().layers)};
  }

 private:
  kv::model::page_layout layout_;
  std::vector<std::int32_t> ids_;
  std::vector<paged_row> rows_;
  std::span<std::byte> bytes_;
};

/// The same in plain arrays, `[layer, sequence, {K, V}]` of `[head, token, dim]` or
/// `[token, head, dim]`.
class contiguous_batch {
 public:
  contiguous_batch(const memory& from, const kv::model::cache_shape& shape, shape_of_batch batch,
                   kv::model::token_order order)
      : sequences_{batch.sequences} {
    const auto of_layer = shape.bytes_per_token() / shape.layers * batch.tokens;
    const auto* at = from.first(of_layer * batch.sequences * shape.layers).data();
    const auto dim = shape.key_bytes();
    const bool by_head = order == kv::model::token_order::head_major;
    for (std::size_t i = 0; i < shape.layers * batch.sequences; ++i, at += of_layer) {
      const auto token = by_head ? dim : dim * shape.kv_heads;
      const auto head = by_head ? dim * batch.tokens : dim;
      rows_.push_back({.first = {.keys = at,
                                 .values = at + of_layer / 2,
                                 .key_stride = token,
                                 .value_stride = token,
                                 .tokens = batch.tokens},
                       .key_head = head,
                       .value_head = head});
    }
  }

  /// A layer, by the number of a call.
  [[nodiscard]] contiguous layer(std::size_t call) const {
    const auto layers = rows_.size() / sequences_;
    return contiguous{std::span{rows_}.subspan(call % layers * sequences_, sequences_)};
  }

 private:
  std::size_t sequences_;
  std::vector<plain_row> rows_;
};

}  // namespace attention::bench
