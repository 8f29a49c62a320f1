// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <kvfolio/core/types.hpp>
#include <kvfolio/model/page_array.hpp>

#include <attention/geometry.hpp>
#include <attention/paged_row.hpp>
#include <attention/token_run.hpp>

namespace attention {

/// Where the keys and values of a batch are: all that the attention asks of a cache. Copied at
/// will.
///
/// | expression | what it is |
/// |---|---|
/// | `l.rows()` | number of sequences |
/// | `l.length(row)` | tokens of one |
/// | `l.run(row, head, position)` | the tokens from `position` on that lie at one stride |
/// | `l.sweep()` | tokens of one head to read before the next head's: what lies together |
/// | `l.heads_together()` | do the heads of one token lie next to each other? |
/// | `l.check(geometry)` | throws `std::invalid_argument` if it is not of what is stored |
template <class L>
concept layout = std::copyable<L> && requires(const L l, std::size_t number, std::uint32_t head) {
  { l.rows() } -> std::same_as<std::size_t>;
  { l.length(number) } -> std::same_as<std::size_t>;
  { l.run(number, head, number) } -> std::same_as<token_run>;
  { l.sweep() } -> std::same_as<std::size_t>;
  { l.heads_together() } -> std::same_as<bool>;
  l.check(geometry{});
};

/// Pages of kvfolio, of either token order, by exported tables.
class paged {
 public:
  /// Views one `layer` of `pages`. Precondition: `pages` has every page of every row.
  paged(std::span<const paged_row> rows, const kv::model::page_array& pages, std::uint32_t layer)
      : rows_{rows}, pages_{pages} {
    const auto& shape = pages.layout().shape();
    refuse_if(layer >= shape.layers, "attention: the cache has no such layer");
    for (const auto& row : rows) {
      refuse_if(row.length > row.pages.size() * pages.layout().tokens(),
                "attention: a sequence is longer than its pages");
    }
    // Where everything is does not change, and is asked for again and again.
    const auto& places = pages.layout();
    const bool by_head = places.order() == kv::model::token_order::head_major;
    const auto strides = [&](std::size_t first, std::size_t entry) {
      return part{first, entry * (by_head ? places.tokens() : 1),
                  entry * (by_head ? 1 : shape.kv_heads)};
    };
    keys_ = strides(places.key(layer, 0, 0), shape.key_bytes());
    values_ =
        shape.value_dim == 0 ? keys_ : strides(places.value(layer, 0, 0), shape.value_bytes());
    scales_ = strides(places.scale(layer, 0, 0), shape.scale_bytes);
  }

  [[nodiscard]] std::size_t rows() const noexcept { return rows_.size(); }
  [[nodiscard]] std::size_t length(std::size_t row) const noexcept { return rows_[row].length; }
  [[nodiscard]] token_run run(std::size_t row, std::uint32_t head,
                              std::size_t position) const noexcept {
    const std::size_t tokens = pages_.layout().tokens();
    const auto number = position / tokens;
    const auto first = position - number * tokens;
    const auto* const bytes = pages_[static_cast<kv::page_id>(rows_[row].pages[number])].data();
    const auto at = [&](const part& of) {
      return bytes + of.first + head * of.head_stride + first * of.token_stride;
    };
    return {.keys = at(keys_),
            .values = at(values_),
            .scales = at(scales_),
            .key_stride = keys_.token_stride,
            .value_stride = values_.token_stride,
            .scale_stride = scales_.token_stride,
            .tokens = tokens - first};
  }
  [[nodiscard]] std::size_t sweep() const noexcept { return pages_.layout().tokens(); }
  [[nodiscard]] bool heads_together() const noexcept {
    return pages_.layout().order() == kv::model::token_order::token_major &&
           pages_.layout().shape().kv_heads != 1;
  }
  void check(const geometry& asked) const {
    const auto& shape = pages_.layout().shape();
    refuse_if(kv::bits_of(asked.type) != shape.bits_per_element,
              "attention: the cache's bits_per_element is not the element type's");
    refuse_if((asked.type == kv::dtype::i8) != (shape.scale_bytes == 4) ||
                  (shape.scale_bytes != 0 && shape.scale_bytes != 4),
              "attention: a cache of 8-bit integers has 4 scale_bytes, two f16; others have none");
    refuse_if(asked.kv_heads != shape.kv_heads || asked.key_dim != shape.key_dim,
              "attention: kv_heads and key_dim must be the cache's");
    refuse_if(
        shape.value_dim == 0 ? asked.value_dim > asked.key_dim : asked.value_dim != shape.value_dim,
        "attention: value_dim must be the cache's, or of a latent a part of its key_dim");
  }

 private:
  // Keys, values or scales of the layer, in bytes from the beginning of a page.
  struct part {
    std::size_t first = 0;
    std::size_t head_stride = 0;
    std::size_t token_stride = 0;
  };

  std::span<const paged_row> rows_;
  kv::model::page_array pages_;
  part keys_{};
  part values_{};
  part scales_{};
};

/// One sequence in plain memory, of any strides: `[head, token]`, `[token, head]`, or a view of
/// pages that the machine maps next to each other.
struct plain_row {
  token_run first{};           ///< of head 0: all its tokens
  std::size_t key_head = 0;    ///< bytes from a head to the next
  std::size_t value_head = 0;  ///< likewise
  std::size_t scale_head = 0;  ///< likewise
};

/// Sequences in plain memory.
class contiguous {
 public:
  /// Views `rows`.
  explicit contiguous(std::span<const plain_row> rows) noexcept : rows_{rows} {}

  [[nodiscard]] std::size_t rows() const noexcept { return rows_.size(); }
  [[nodiscard]] std::size_t length(std::size_t row) const noexcept {
    return rows_[row].first.tokens;
  }
  [[nodiscard]] token_run run(std::size_t row, std::uint32_t head,
                              std::size_t position) const noexcept {
    const auto& whole = rows_[row];
    auto of_head = whole.first;
    of_head.keys += head * whole.key_head;
    of_head.values += head * whole.value_head;
    if (of_head.scales != nullptr) of_head.scales += head * whole.scale_head;
    return of_head.after(position);
  }
  [[nodiscard]] std::size_t sweep() const noexcept {
    return std::numeric_limits<std::size_t>::max();
  }
  [[nodiscard]] bool heads_together() const noexcept {
    return !rows_.empty() && rows_[0].key_head < rows_[0].first.key_stride;
  }
  void check(const geometry& asked) const {
    for (const auto& row : rows_) {
      refuse_if(row.first.tokens != 0 && asked.type == kv::dtype::i8 && row.first.scales == nullptr,
                "attention: 8-bit integers need scales, two f16 for each token and head");
    }
  }

 private:
  std::span<const plain_row> rows_;
};

}  // namespace attention
