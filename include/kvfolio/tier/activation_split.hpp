// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <kvfolio/tier/link.hpp>
#include <kvfolio/tier/units.hpp>

namespace kvfolio::tier {

/// A layer of a batch whose KV lies beyond a link, together with the hidden states that it was made
/// from.
struct offloaded_layer {
  std::uint64_t sequences = 1;          ///< of the batch
  std::uint64_t tokens = 0;             ///< of each sequence
  std::uint64_t hidden = 0;             ///< elements of a hidden state
  std::uint64_t kv_width = 0;           ///< elements of a token's keys: KV heads by head size
  std::uint64_t bytes_per_element = 2;  ///< of all of them
  bool hidden_states_here = false;  ///< they need not be moved: the column schedule of the paper

  /// Time to move the hidden states of the first `split` tokens.
  [[nodiscard]] seconds hidden_moved(const link& in, std::uint64_t split) const noexcept {
    if (hidden_states_here) return {};
    return sequences * split * hidden * bytes_per_element / in.bandwidth;
  }
  /// Time to multiply them by the matrices of keys and values.
  [[nodiscard]] seconds computed(flop_rate rate, std::uint64_t split) const noexcept {
    const auto states = static_cast<double>(sequences * split * hidden);
    return flop_count{4 * states * static_cast<double>(kv_width)} / rate;
  }
  /// Time to move the keys and values of the other tokens.
  [[nodiscard]] seconds kv_moved(const link& in, std::uint64_t split) const noexcept {
    return 2 * sequences * (tokens - split) * kv_width * bytes_per_element / in.bandwidth;
  }
  /// Time if those of the first `split` tokens are computed while the others are moved.
  [[nodiscard]] seconds total(const link& in, flop_rate rate, std::uint64_t split) const noexcept {
    return hidden_moved(in, split) + std::max(computed(rate, split), kv_moved(in, split));
  }
};

/// How to have the KV of a layer here.
struct activation_split {
  std::uint64_t tokens = 0;  ///< whose keys and values are computed from hidden states
  seconds time{};            ///< for the layer
};

/// Returns the split that takes least (Jiang et al., "KVPR", arXiv:2411.17089). Hidden states are
/// sent instead of the keys and values made from them, which pays where they are smaller: with as
/// many KV heads as heads half as large, with grouped queries larger, and then nothing is split
/// unless they are here already. Latency of copies is left out, as it is per layer whatever the
/// split. O(1). Precondition: rates above 0.
[[nodiscard]] inline activation_split split_layer(const offloaded_layer& layer, const link& in,
                                                  flop_rate rate) noexcept {
  const activation_split none{0, layer.total(in, rate, 0)};
  const auto compute = layer.computed(rate, layer.tokens);
  const auto move = layer.kv_moved(in, 0);
  if (!(compute + move > seconds{})) return none;
  // Both take equally long where the share of tokens is that of the time to move all.
  const auto balance = static_cast<double>(layer.tokens) * (move / (compute + move));
  auto best = none;
  const auto below = std::min(static_cast<std::uint64_t>(balance), layer.tokens);
  for (const auto tokens : {below, std::min(below + 1, layer.tokens)}) {
    const auto time = layer.total(in, rate, tokens);
    if (time < best.time) best = {tokens, time};
  }
  return best;
}

}  // namespace kvfolio::tier
