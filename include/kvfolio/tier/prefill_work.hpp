// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <kvfolio/model/architecture.hpp>
#include <kvfolio/tier/units.hpp>

namespace kvfolio::tier {

/// What it takes to compute the KV of tokens of a model, the head left out: it is asked for one
/// token, that is generated anyway.
struct prefill_work {
  /// Layers whose tokens attend to equally many.
  struct attention {
    std::uint32_t window = 0;  ///< tokens that one attends to; 0: all before it
    flop_count each_pair{};    ///< for one token that attends to one, in all of these layers
  };

  flop_count each_token{};              ///< by matrices of layers: two for each weight it meets
  std::vector<attention> attentions{};  ///< a window each
  std::uint64_t weight_bytes = 0;       ///< of these matrices, read once a pass

  /// Operations by matrices for `tokens` tokens.
  [[nodiscard]] flop_count linear(std::uint64_t tokens) const noexcept {
    return static_cast<double>(tokens) * each_token;
  }

  /// Operations of causal attention for `tokens` tokens behind `context` others: `2 L h e n^2` for
  /// `n` tokens behind none, in `L` layers of `h` heads of `e` elements. O(windows).
  [[nodiscard]] flop_count attending(std::uint64_t context, std::uint64_t tokens) const noexcept {
    flop_count sum{};
    for (const auto& [window, each_pair] : attentions) {
      sum += (pairs(window, context + tokens) - pairs(window, context)) * each_pair;
    }
    return sum;
  }

 private:
  // Pairs of a token and one that it attends to, among the first `tokens`.
  static double pairs(std::uint32_t window, std::uint64_t tokens) noexcept {
    const auto all = static_cast<double>(tokens);
    const auto near = window == 0 ? all : std::min(all, static_cast<double>(window));
    return near * near / 2 + (all - near) * near;
  }
};

/// Returns the work of `model`, whose matrices are stored in `formats`. Of routed experts a token
/// meets those that it visits; of their bytes a pass reads all. O(layers).
/// \throws std::invalid_argument if a matrix has rows that the format cannot store
[[nodiscard]] inline prefill_work work_of(const model::architecture& model,
                                          const model::weight_formats& formats) {
  prefill_work work;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto& [attends, feeds] = model.layers[i];
    for_each_layer_weight(model, i, [&, &feeds = feeds](const model::weight& part) {
      if (part.kind != model::weight_kind::matrix) return;
      const auto met = part.experts == 0 ? 1 : feeds.top_k;
      work.each_token += flop_count{2.0 * met * static_cast<double>(part.elements(part.units))};
      work.weight_bytes +=
          bytes_in(formats, part, part.units) * (part.experts == 0 ? 1 : part.experts);
    });
    if (attends.is_state()) continue;
    const flop_count each_pair{2.0 * attends.heads *
                               (attends.head_dim + attends.rotary_dim + attends.value_elements())};
    const auto same =
        std::ranges::find(work.attentions, attends.window, &prefill_work::attention::window);
    if (same != work.attentions.end()) {
      same->each_pair += each_pair;
    } else {
      work.attentions.push_back({attends.window, each_pair});
    }
  }
  return work;
}

}  // namespace kvfolio::tier
