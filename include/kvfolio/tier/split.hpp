// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include <kvfolio/tier/concept.hpp>
#include <kvfolio/tier/explanation.hpp>

namespace kvfolio::tier {

/// Always keeps something: leading pages are computed while the others are loaded, so that both
/// end at the same time; none are computed where that does not pay.
///
/// After Jiang et al., "KVPR: Efficient LLM inference with I/O-aware KV cache partial
/// recomputation", arXiv:2411.17089, but a whole prefix is computed from its token ids, and no
/// activations need be kept for it; see `activation_split` for the paper's way.
///
/// O(log pages), and the bytes of the cost model.
class split {
 public:
  /// Decides by `costs`. \throws std::invalid_argument if `check(costs)` does
  explicit split(cost_model costs) : costs_{std::move(costs)} { check(costs_); }

  /// The tokens of the first pages; all only where not one page fits the store.
  [[nodiscard]] std::uint64_t tokens_to_recompute(const departure& leaving) const noexcept {
    if (leaving.pages_too_many() == leaving.pages()) return leaving.tokens;
    const auto why = explain(costs_, leaving);
    return why.split < why.swap ? why.split_tokens : 0;
  }

  /// What it decides by.
  [[nodiscard]] const cost_model& costs() const noexcept { return costs_; }

 private:
  cost_model costs_;
};

static_assert(tier_policy<split>);

}  // namespace kvfolio::tier
