// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/model/cache_shape.hpp>

namespace kvfolio::model {

/// Which of a page's two inner dimensions varies faster.
enum class token_order : std::uint8_t {
  head_major,   ///< `[kv_heads, tokens, dim]`: a head's tokens lie together (HND)
  token_major,  ///< `[tokens, kv_heads, dim]`: a token's heads lie together (NHD)
};

/// Where every byte of a page is.
///
/// A page is `[layers, {keys, values, scales}]`, and each of these parts is `[kv_heads, tokens, x]`
/// or `[tokens, kv_heads, x]` with `x` bytes a token and head. All offsets and strides are bytes,
/// without padding, so an array of pages is a dense tensor. A value: copy it at will.
class page_layout {
 public:
  /// Describes pages of `tokens` tokens of `shape`.
  /// \throws std::invalid_argument if `shape` cannot be stored, or if `tokens` is 0
  /// \throws std::length_error if a page has more bytes than can be counted
  constexpr page_layout(const cache_shape& shape, std::uint32_t tokens,
                        token_order order = token_order::head_major)
      : shape_{shape}, tokens_{tokens}, order_{order} {
    check(shape);
    if (tokens == 0) throw std::invalid_argument("kvfolio: tokens_per_page is 0; 16 is usual");
    (void)checked_mul(shape.bytes_per_token(), tokens);
  }

  /// What the tokens are made of.
  [[nodiscard]] constexpr const cache_shape& shape() const noexcept { return shape_; }
  /// Tokens of a page.
  [[nodiscard]] constexpr std::uint32_t tokens() const noexcept { return tokens_; }
  /// Order of the inner dimensions.
  [[nodiscard]] constexpr token_order order() const noexcept { return order_; }
  /// Bytes of a page.
  [[nodiscard]] constexpr std::size_t bytes() const noexcept {
    return shape_.bytes_per_token() * tokens_;
  }

  /// Offset of a key in its page. Precondition: `layer`, `head` and `token` exist, here and below.
  [[nodiscard]] constexpr std::size_t key(std::uint32_t layer, std::uint32_t head,
                                          std::uint32_t token) const noexcept {
    return part(layer, 0) + place(head, token) * shape_.key_bytes();
  }
  /// Offset of a value in its page.
  [[nodiscard]] constexpr std::size_t value(std::uint32_t layer, std::uint32_t head,
                                            std::uint32_t token) const noexcept {
    return part(layer, shape_.key_bytes()) + place(head, token) * shape_.value_bytes();
  }
  /// Offset of the scales of a key and its value in their page.
  [[nodiscard]] constexpr std::size_t scale(std::uint32_t layer, std::uint32_t head,
                                            std::uint32_t token) const noexcept {
    return part(layer, shape_.key_bytes() + shape_.value_bytes()) +
           place(head, token) * shape_.scale_bytes;
  }

  /// Calls `visit(offset, bytes)` for each contiguous piece of `count` tokens from `first` on: one
  /// for a whole page, else one for each layer and part, and in head-major order for each head.
  /// Precondition: `first + count <= tokens()`.
  template <class Visit>
  constexpr void for_each_piece(std::uint32_t first, std::uint32_t count, Visit&& visit) const {
    KVFOLIO_EXPECTS(first <= tokens_ && count <= tokens_ - first);
    if (count == 0) return;
    if (count == tokens_) {
      visit(std::size_t{0}, bytes());
      return;
    }
    const bool by_head = order_ == token_order::head_major;
    const std::size_t runs = by_head ? shape_.kv_heads : 1;  // in each part of each layer
    const std::size_t width = by_head ? 1 : shape_.kv_heads;
    std::size_t start = 0;
    for (std::uint32_t layer = 0; layer < shape_.layers; ++layer) {
      for (const std::size_t entry :
           {shape_.key_bytes(), shape_.value_bytes(), std::size_t{shape_.scale_bytes}}) {
        const auto token_bytes = entry * width;
        for (std::size_t run = 0; run < runs; ++run, start += token_bytes * tokens_) {
          if (token_bytes != 0) visit(start + token_bytes * first, token_bytes * count);
        }
      }
    }
  }

  /// Equal in every member.
  friend constexpr bool operator==(const page_layout&, const page_layout&) = default;

 private:
  // Start of a part of a layer, with `before` bytes a token and head in the parts before it.
  [[nodiscard]] constexpr std::size_t part(std::uint32_t layer, std::size_t before) const noexcept {
    KVFOLIO_EXPECTS(layer < shape_.layers);
    const auto layer_bytes = shape_.bytes_per_token() / shape_.layers * tokens_;
    return layer * layer_bytes + before * shape_.kv_heads * tokens_;
  }
  // Entries of a part that lie before this one.
  [[nodiscard]] constexpr std::size_t place(std::uint32_t head,
                                            std::uint32_t token) const noexcept {
    KVFOLIO_EXPECTS(head < shape_.kv_heads && token < tokens_);
    return order_ == token_order::head_major ? std::size_t{head} * tokens_ + token
                                             : std::size_t{token} * shape_.kv_heads + head;
  }

  cache_shape shape_;
  std::uint32_t tokens_;
  token_order order_;
};

}  // namespace kvfolio::model
