// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <kvfolio/tier/units.hpp>

namespace kvfolio::tier {

/// Bytes of activations that the backward pass of one layer needs.
struct layer_activations {
  std::uint64_t input = 0;      ///< of the layer, from which all others can be computed
  std::uint64_t attention = 0;  ///< its output, which takes longest to compute
  std::uint64_t others = 0;     ///< all that is kept or computed again token by token
};

/// What of the other activations leaves for host memory, token by token.
struct token_wise {
  double share = 0;       ///< alpha: of the tokens; the rest is computed again
  bool hidden = true;     ///< the transfer ends within the computing of the next layer
  bool fits_host = true;  ///< host memory holds what has to leave at the least

  /// Of `tokens` tokens, those that leave: whole ones.
  [[nodiscard]] constexpr std::uint64_t swapped(std::uint64_t tokens) const noexcept {
    return static_cast<std::uint64_t>(share * static_cast<double>(tokens));
  }
};

/// Returns the greatest share of tokens whose activations can be swapped out for free (Zhao et al.,
/// "MEMO: Fine-grained tensor management for ultra-long context LLM training", arXiv:2407.12117,
/// token-wise recomputation and swapping): the inputs and attention outputs of a layer, and that
/// share of all else, move while the next layer is computed, `bandwidth * time_of_layer` bytes, and
/// all layers but the last two, which the backward pass begins with, share the host memory. If not
/// even what always moves fits, the share is 0 and the answer says which bound is broken. O(1).
[[nodiscard]] inline token_wise swap_tokens(const layer_activations& layer, byte_rate bandwidth,
                                            seconds time_of_layer, std::uint64_t host_bytes,
                                            std::uint32_t layers) noexcept {
  const auto always = static_cast<double>(layer.input + layer.attention);
  const auto others = static_cast<double>(layer.others);
  const auto in_time = bandwidth.value() * time_of_layer.value() - always;
  const auto swapping = layers > 2 ? static_cast<double>(layers - 2) : 0;
  const auto in_host = static_cast<double>(host_bytes) - swapping * always;
  token_wise made{1, in_time >= 0, in_host >= 0};
  if (in_time < others) made.share = std::min(made.share, in_time / others);
  if (in_host < swapping * others) made.share = std::min(made.share, in_host / swapping / others);
  made.share = made.hidden && made.fits_host ? std::max(made.share, 0.0) : 0;
  return made;
}

}  // namespace kvfolio::tier
