// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/tier/cost_model.hpp>

namespace kvfolio::test {

/// A card and its link to the host: 50 % of its peak, and what PCIe 4.0 x16 really reaches.
struct card {
  double teraflops = 312;
  double gigabytes_per_second = 25;
};

inline constexpr card a100{};
inline constexpr card rtx_4090{165, 25};
inline constexpr card rtx_3060{25.5, 20};

/// Returns the costs of a preset with `f16` weights on `on`, with copies that take no time beside
/// their bytes.
inline tier::cost_model costs_of(std::string_view model, const card& on = a100) {
  tier::cost_model costs;
  costs.work = tier::work_of(model::preset_named(model), model::uniform(dtype::f16));
  costs.computing = tier::utilised(tier::teraflops(on.teraflops), 0.5);
  costs.in = costs.out = {.bandwidth = tier::gigabytes_per_second(on.gigabytes_per_second)};
  return costs;
}

/// Returns the departure of `tokens` tokens of a preset to a store with room, in pages of
/// `tokens_per_page`, in one copy.
inline departure leaving_of(std::string_view model, std::uint64_t tokens,
                            std::uint32_t tokens_per_page = 1) {
  const auto bytes = model::kv_bytes_per_token(model::preset_named(model), dtype::f16);
  return {.tokens = tokens,
          .tokens_per_page = tokens_per_page,
          .page_bytes = bytes * tokens_per_page,
          .copies = 1,
          .free_bytes = UINT64_MAX};
}

}  // namespace kvfolio::test
