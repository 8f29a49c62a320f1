// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <kvfolio/activation/tensor_life.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/model/architecture.hpp>

namespace kvfolio::activation {

/// The temporaries of a layer, in the order of `forward_pass`.
enum class temporary : std::uint8_t {
  input,      ///< the residual that comes in
  normed,     ///< what attention projects
  projected,  ///< queries, keys and values
  attended,   ///< what attention puts out, a head at a time
  mixed,      ///< its projection
  sum,        ///< the residual with it
  renormed,   ///< what the feed-forward part reads
  widened,    ///< its inner elements; two matrices' if gated
  activated,  ///< the same, after the activation
  narrowed,   ///< what it puts out, of each expert
};
inline constexpr std::size_t temporaries = 10;  ///< of a layer

/// Returns the index of a temporary of layer `layer` in `forward_pass`.
[[nodiscard]] constexpr std::size_t index_of(std::size_t layer, temporary which) noexcept {
  return layer * temporaries + static_cast<std::size_t>(which);
}

/// Returns the temporaries of a pass of `tokens` tokens, `temporaries` a layer, and behind them the
/// residual that the last layer puts out; on one of `ranks` tensor-parallel ranks, in elements of
/// `type`. A step is a kernel: norm, projection, attention in pieces, projection, sum, norm,
/// widening, activation, narrowing, sum. Keys and values are here until they are in the cache.
/// Precondition: `ranks > 0`.
[[nodiscard]] inline std::vector<tensor_life> forward_pass(const model::architecture& model,
                                                           std::uint64_t tokens,
                                                           std::uint32_t ranks, dtype type) {
  std::vector<tensor_life> lives;
  std::uint32_t step = 0;
  const auto add = [&](std::uint64_t elements, std::uint32_t first, std::uint32_t last) {
    lives.push_back({tokens * elements * bits_of(type) / 8, step + first, step + last});
  };
  const std::uint64_t hidden = model.hidden;
  for (const auto& [attends, feeds] : model.layers) {
    const std::uint64_t heads = ceil_div(attends.heads, ranks);
    const std::uint64_t key = attends.head_dim + attends.rotary_dim;
    const std::uint64_t value = attends.value_elements();
    const std::uint64_t kv_heads = attends.is_latent() ? heads : ceil_div(attends.kv_heads, ranks);
    const auto inner = ceil_div(feeds.active_width(), std::uint64_t{ranks});
    add(hidden, 0, 5);  // the sum before writes it at step 0
    add(hidden, 1, 2);
    add(heads * key + kv_heads * (key + value), 2, 3);
    add(heads * value, 3, 4);
    add(hidden, 4, 5);
    add(hidden, 5, 10);
    add(hidden, 6, 7);
    add((feeds.gated ? 2 : 1) * inner, 7, 8);
    add(inner, 8, 9);
    add(feeds.experts == 0 ? hidden : feeds.top_k * hidden, 9, 10);
    step += 10;  // the last sum of this layer writes the input of the next
  }
  add(hidden, 0, 0);
  return lives;
}

}  // namespace kvfolio::activation
