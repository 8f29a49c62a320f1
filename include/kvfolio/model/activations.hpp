// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <kvfolio/core/math.hpp>
#include <kvfolio/model/architecture.hpp>

namespace kvfolio::model {

/// Returns the most bytes of activations that a forward pass of `tokens` tokens has alive, on one
/// of `ranks` tensor-parallel ranks: the residual and its sum, and the larger of attention
/// (queries, keys, values, output) and the MLP's inner elements, a layer at a time, in elements of
/// `type`. Attention is computed in pieces, so that no matrix of scores exists. What an engine's
/// kernels take beside this is theirs. Precondition: `ranks > 0`.
[[nodiscard]] inline std::uint64_t activation_bytes(const architecture& model, std::uint64_t tokens,
                                                    std::uint32_t ranks, dtype type) {
  std::uint64_t most = 0;
  const std::uint64_t hidden = model.hidden;
  for (const auto& [attends, feeds] : model.layers) {
    const std::uint64_t heads = ceil_div(attends.heads, ranks);
    const std::uint64_t key = attends.head_dim + attends.rotary_dim;
    const std::uint64_t kv_heads = attends.is_latent() ? heads : ceil_div(attends.kv_heads, ranks);
    const auto attention = heads * key + kv_heads * (key + attends.value_elements()) + hidden;
    const std::uint64_t matrices = feeds.gated ? 3 : 2;
    const auto dense = matrices * ceil_div(std::uint64_t{feeds.width}, std::uint64_t{ranks});
    const auto inner = feeds.experts == 0 ? dense : feeds.top_k * (dense + hidden);
    most = std::max({most, attention, inner});
  }
  return tokens * (2 * hidden + most) * bits_of(type) / 8;
}

/// Returns the bytes of the logits of `rows` sequences, in single precision, on one of `ranks`
/// ranks that each have a part of the vocabulary. Precondition: `ranks > 0`.
[[nodiscard]] inline std::uint64_t logit_bytes(const architecture& model, std::uint64_t rows,
                                               std::uint32_t ranks = 1) {
  return rows * ceil_div(model.vocabulary, ranks) * 4;
}

}  // namespace kvfolio::model
