// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <kvfolio/core/math.hpp>
#include <kvfolio/model/dtype.hpp>

namespace kvfolio::model {

/// What a model keeps of one token: in every layer and KV head a key of `key_dim` elements, a value
/// of `value_dim`, and the scales of both. Grouped, multi-query, latent, sub-byte and scaled caches
/// are all of this shape.
struct cache_shape {
  std::uint32_t layers = 0;            ///< layers that keep KV
  std::uint32_t kv_heads = 0;          ///< in each layer; 1 for latent caches
  std::uint32_t key_dim = 0;           ///< elements of a key, or of a latent with its rotary part
  std::uint32_t value_dim = 0;         ///< elements of a value; 0 where the latent is both
  std::uint32_t bits_per_element = 0;  ///< 32, 16, 8 or 4, usually
  std::uint32_t scale_bytes = 0;  ///< for one token in one layer and head, key and value together

  /// Bytes of one key. Precondition: `check(*this)` does not throw, here and below.
  [[nodiscard]] constexpr std::size_t key_bytes() const noexcept {
    return std::size_t{key_dim} * bits_per_element / 8;
  }
  /// Bytes of one value.
  [[nodiscard]] constexpr std::size_t value_bytes() const noexcept {
    return std::size_t{value_dim} * bits_per_element / 8;
  }
  /// Bytes of one token in all layers and heads: what the literature calls KV bytes per token.
  [[nodiscard]] constexpr std::size_t bytes_per_token() const noexcept {
    return (key_bytes() + value_bytes() + scale_bytes) * kv_heads * layers;
  }

  /// Equal in every member.
  friend constexpr bool operator==(const cache_shape&, const cache_shape&) = default;
};

/// Returns the shape of multi-head, grouped-query and multi-query attention: a key and a value of
/// `head_dim` elements in each of `kv_heads` heads (Ainslie et al., "GQA", EMNLP 2023).
[[nodiscard]] constexpr cache_shape grouped_query(std::uint32_t layers, std::uint32_t kv_heads,
                                                  std::uint32_t head_dim, dtype type) noexcept {
  return {.layers = layers,
          .kv_heads = kv_heads,
          .key_dim = head_dim,
          .value_dim = head_dim,
          .bits_per_element = bits_of(type)};
}

/// Returns the shape of multi-head latent attention: one compressed vector a token and layer, of
/// `latent_dim` elements and `rotary_dim` more (DeepSeek-V2, 2024: 512 and 64).
[[nodiscard]] constexpr cache_shape latent(std::uint32_t layers, std::uint32_t latent_dim,
                                           std::uint32_t rotary_dim, dtype type) noexcept {
  return {.layers = layers,
          .kv_heads = 1,
          .key_dim = latent_dim + rotary_dim,
          .bits_per_element = bits_of(type)};
}

/// Returns the shape of a recurrent state: `elements` of them in each layer, kept once and not for
/// every token (Mamba, 2023: `inner * (state + convolution)`).
[[nodiscard]] constexpr cache_shape recurrent(std::uint32_t layers, std::uint32_t elements,
                                              dtype type) noexcept {
  return {.layers = layers, .kv_heads = 1, .key_dim = elements, .bits_per_element = bits_of(type)};
}

/// Returns `shape` with scales: `scale_bytes` for each token in each layer and head.
[[nodiscard]] constexpr cache_shape with_scales(cache_shape shape,
                                                std::uint32_t scale_bytes) noexcept {
  shape.scale_bytes = scale_bytes;
  return shape;
}

/// Does nothing for a shape that can be stored.
/// \throws std::invalid_argument saying which member is wrong, and what would be right
/// \throws std::length_error if a token of this shape has more bytes than can be counted
constexpr void check(const cache_shape& shape) {
  if (shape.layers == 0 || shape.kv_heads == 0 || shape.key_dim == 0) {
    throw std::invalid_argument(
        "kvfolio: a cache shape needs layers, kv_heads and key_dim of at least 1");
  }
  if (shape.bits_per_element == 0) {
    throw std::invalid_argument("kvfolio: bits_per_element is 0; f16 has 16, i4 has 4");
  }
  const auto key_bits = checked_mul(shape.key_dim, shape.bits_per_element);
  const auto value_bits = checked_mul(shape.value_dim, shape.bits_per_element);
  if (key_bits % 8 != 0 || value_bits % 8 != 0) {
    throw std::invalid_argument(
        "kvfolio: a key or value is not a whole number of bytes; make key_dim and value_dim "
        "multiples of 8 / bits_per_element");
  }
  const auto head = checked_add(checked_add(key_bits / 8, value_bits / 8), shape.scale_bytes);
  (void)checked_mul(checked_mul(head, shape.kv_heads), shape.layers);
}

}  // namespace kvfolio::model
