// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/model/weight.hpp>

namespace kvfolio::model {

/// The feed-forward part of one layer: dense, or a mixture of experts.
struct mlp {
  std::uint32_t width = 0;         ///< inner elements; of each routed expert, if there are any
  bool gated = true;               ///< three matrices, as in SwiGLU (Shazeer, 2020), or two
  bool bias = false;               ///< of each matrix
  std::uint32_t experts = 0;       ///< routed experts; 0: dense
  std::uint32_t top_k = 0;         ///< of them, those that a token visits
  std::uint32_t shared_width = 0;  ///< inner elements of the experts that every token visits
  bool score_bias = false;         ///< the router has a bias for each expert
  bool shared_gate = false;        ///< the shared expert is weighted by a gate

  /// Inner elements that one token activates.
  [[nodiscard]] constexpr std::uint64_t active_width() const noexcept {
    return experts == 0 ? width : std::uint64_t{width} * top_k + shared_width;
  }
  /// Equal in every member.
  friend constexpr bool operator==(const mlp&, const mlp&) = default;
};

/// Calls `visit(weight)` for every matrix and vector of `layer` in a model of `hidden` elements.
template <class Visit>
constexpr void for_each_weight(const mlp& layer, std::uint64_t hidden, Visit&& visit) {
  using enum weight_kind;
  using enum weight_cut;
  const auto network = [&](std::uint64_t inner, std::uint32_t experts) {
    if (inner == 0) return;
    for (int up = 0; up < (layer.gated ? 2 : 1); ++up) {
      visit(weight{matrix, width, inner, hidden, hidden, false, experts});
      if (layer.bias) visit(weight{vector, width, inner, 1, inner, true, experts});
    }
    visit(weight{matrix, width, inner, hidden, inner, true, experts});
    if (layer.bias) visit(weight{vector, whole, 1, hidden, hidden, false, experts});
  };
  network(layer.width, layer.experts);
  if (layer.experts == 0) return;
  network(layer.shared_width, 0);
  visit(weight{vector, whole, layer.experts, hidden, hidden});
  if (layer.score_bias) visit(weight{vector, whole, 1, layer.experts, layer.experts});
  if (layer.shared_gate) visit(weight{vector, whole, 1, hidden, hidden});
}

}  // namespace kvfolio::model
