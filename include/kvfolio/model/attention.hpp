// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/model/cache_shape.hpp>
#include <kvfolio/model/dtype.hpp>
#include <kvfolio/model/weight.hpp>

namespace kvfolio::model {

/// The attention of one layer: multi-head, grouped-query, multi-query or latent, over everything or
/// over a window; or a recurrent state instead.
struct attention {
  std::uint32_t heads = 0;             ///< query heads
  std::uint32_t kv_heads = 0;          ///< of keys and values; not read where they are latent
  std::uint32_t head_dim = 0;          ///< of queries and keys; the part without rotation if latent
  std::uint32_t value_dim = 0;         ///< of values; 0: as the keys
  bool qkv_bias = false;               ///< queries, keys and values have biases
  bool output_bias = false;            ///< the output projection has one
  bool qk_norm = false;                ///< queries and keys are normalised, a head at a time
  std::uint32_t window = 0;            ///< tokens that are read; 0: all
  bool owns_kv = true;                 ///< false: reads the keys and values of an earlier layer
  std::uint32_t latent_dim = 0;        ///< of what keys and values are made from; 0: not latent
  std::uint32_t rotary_dim = 0;        ///< of the key's rotated part, beside the latent
  std::uint32_t query_latent_dim = 0;  ///< of what queries are made from; 0: the hidden state
  std::uint32_t state_elements = 0;    ///< of a recurrent state for a sequence; 0: attention
  std::uint64_t state_parameters = 0;  ///< of all weights of such a layer

  /// Elements of a value.
  [[nodiscard]] constexpr std::uint32_t value_elements() const noexcept {
    return value_dim != 0 ? value_dim : head_dim;
  }
  /// Is one compressed vector kept of a token (DeepSeek-V2, 2024)?
  [[nodiscard]] constexpr bool is_latent() const noexcept { return latent_dim != 0; }
  /// Is one state kept of a sequence, and nothing of a token?
  [[nodiscard]] constexpr bool is_state() const noexcept { return state_elements != 0; }
  /// Equal in every member.
  friend constexpr bool operator==(const attention&, const attention&) = default;
};

/// Returns what `layer` keeps of one token, or of one sequence if it is a state, where `kv_heads`
/// of its heads are kept. No layers if it keeps nothing of its own.
[[nodiscard]] constexpr cache_shape kv_shape(const attention& layer, std::uint32_t kv_heads,
                                             dtype type) noexcept {
  const std::uint32_t layers = layer.owns_kv ? 1 : 0;
  if (layer.is_state()) return recurrent(layers, layer.state_elements, type);
  if (layer.is_latent()) return latent(layers, layer.latent_dim, layer.rotary_dim, type);
  auto shape = grouped_query(layers, kv_heads, layer.head_dim, type);
  shape.value_dim = layer.value_elements();
  return shape;
}

/// Calls `visit(weight)` for every matrix and vector of `layer` in a model of `hidden` elements.
template <class Visit>
constexpr void for_each_weight(const attention& layer, std::uint64_t hidden, Visit&& visit) {
  using enum weight_kind;
  using enum weight_cut;
  if (layer.is_state()) {
    visit(weight{matrix, whole, 1, layer.state_parameters, layer.state_parameters});
    return;
  }
  // A matrix from `inputs` elements to `each` of every head, and its bias.
  const auto project = [&visit](weight_cut cut, std::uint64_t count, std::uint64_t each,
                                std::uint64_t inputs, bool bias) {
    visit(weight{matrix, cut, count, each * inputs, inputs});
    if (bias) visit(weight{vector, cut, count, each, each});
  };
  const auto norm = [&visit](std::uint64_t size) { visit(weight{vector, whole, 1, size, size}); };

  const std::uint64_t query_dim = layer.head_dim + layer.rotary_dim;
  if (layer.query_latent_dim != 0) {
    project(whole, 1, layer.query_latent_dim, hidden, layer.qkv_bias);
    norm(layer.query_latent_dim);
    project(heads, layer.heads, query_dim, layer.query_latent_dim, false);
  } else {
    project(heads, layer.heads, query_dim, hidden, layer.qkv_bias && !layer.is_latent());
  }
  if (layer.is_latent()) {
    project(whole, 1, layer.latent_dim + layer.rotary_dim, hidden, layer.qkv_bias);
    norm(layer.latent_dim);
    project(heads, layer.heads, layer.head_dim + layer.value_elements(), layer.latent_dim, false);
  } else if (layer.owns_kv) {
    project(kv_heads, layer.kv_heads, layer.head_dim, hidden, layer.qkv_bias);
    project(kv_heads, layer.kv_heads, layer.value_elements(), hidden, layer.qkv_bias);
  }
  if (layer.qk_norm) {
    norm(layer.head_dim);
    if (layer.owns_kv) norm(layer.head_dim);
  }
  const std::uint64_t outputs = layer.value_elements();
  visit(weight{matrix, heads, layer.heads, outputs * hidden, outputs * layer.heads, true});
  if (layer.output_bias) norm(hidden);  // added once, after the sum over ranks
}

}  // namespace kvfolio::model
