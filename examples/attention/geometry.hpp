// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <stdexcept>

#include <kvfolio/model/cache_shape.hpp>
#include <kvfolio/model/dtype.hpp>

namespace attention {

namespace kv = kvfolio;

/// What a layer's attention is: its heads, how elements are stored, and which tokens are seen.
struct geometry {
  kv::dtype type = kv::dtype::f16;  ///< of the elements: f32, f16, bf16, or i8 with two f16 scales
  std::uint32_t query_heads = 0;    ///< a multiple of the KV heads; neighbours share one
  std::uint32_t kv_heads = 0;       ///< 1 for latents
  std::uint32_t key_dim = 0;        ///< elements of a key, or of a latent with its rotary part
  std::uint32_t value_dim = 0;      ///< elements of a value, or of a latent without that part
  float scale = 0;                  ///< of the logits; 0: `1 / sqrt(key_dim)`
  std::uint32_t window = 0;         ///< newest tokens that a query sees, itself included; 0: all
  std::uint32_t sinks = 0;          ///< first tokens that it sees besides

  /// Queries that share a KV head.
  [[nodiscard]] constexpr std::uint32_t group() const noexcept { return query_heads / kv_heads; }
  /// What queries are multiplied by, as powers are of two.
  [[nodiscard]] float query_factor() const noexcept {
    const auto usual = 1 / std::sqrt(static_cast<float>(key_dim));
    return (scale == 0 ? usual : scale) * std::numbers::log2e_v<float>;
  }
  /// Position of the first token of the window of a query at `position`.
  [[nodiscard]] constexpr std::size_t window_begin(std::size_t position) const noexcept {
    return window == 0 || position + 1 < window ? 0 : position + 1 - window;
  }
};

/// Returns the geometry of a layer whose cache has `shape`: grouped, multi-query or multi-head, or
/// latent, of which the first `latent_dim` elements are the value. The `scale` of a latent layer is
/// that of its uncompressed heads, which the caller sets.
[[nodiscard]] inline geometry geometry_of(const kv::model::cache_shape& shape, kv::dtype type,
                                          std::uint32_t query_heads,
                                          std::uint32_t latent_dim = 0) noexcept {
  return {.type = type,
          .query_heads = query_heads,
          .kv_heads = shape.kv_heads,
          .key_dim = shape.key_dim,
          .value_dim = shape.value_dim == 0 ? latent_dim : shape.value_dim};
}

/// Throws `std::invalid_argument` with `what`, if `wrong`.
inline void refuse_if(bool wrong, const char* what) {
  if (wrong) throw std::invalid_argument(what);
}

/// Does nothing for a geometry that the kernels can work on.
/// \throws std::invalid_argument saying what is wrong, and what would be right
inline void check(const geometry& shape) {
  refuse_if(shape.type == kv::dtype::f8 || shape.type == kv::dtype::i4,
            "attention: elements must be f32, f16, bf16 or i8");
  refuse_if(shape.kv_heads == 0 || shape.key_dim == 0 || shape.value_dim == 0,
            "attention: kv_heads, key_dim and value_dim must be at least 1; of a latent cache, say "
            "how many elements are the value");
  refuse_if(shape.query_heads == 0 || shape.query_heads % shape.kv_heads != 0,
            "attention: query_heads must be a multiple of kv_heads");
  refuse_if(shape.sinks != 0 && shape.window == 0,
            "attention: sinks are seen besides a window; without one, all tokens are");
}

}  // namespace attention
