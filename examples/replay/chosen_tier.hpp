// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <kvfolio/model/attention.hpp>
#include <kvfolio/model/presets.hpp>
#include <kvfolio/tier/automatic.hpp>
#include <kvfolio/tier/recompute.hpp>
#include <kvfolio/tier/split.hpp>
#include <kvfolio/tier/swap.hpp>

#include <replay/step_clock.hpp>
#include <replay/tier_options.hpp>

namespace replay {

/// The bytes that a token of the preset `model` has, two an element.
/// \throws std::invalid_argument if there is no such preset
[[nodiscard]] inline std::uint64_t kv_bytes_per_token(std::string_view model) {
  std::uint64_t bytes = 0;
  for (const auto& layer : kvfolio::model::preset_named(model).layers) {
    const auto& attends = layer.attends;
    bytes +=
        kvfolio::model::kv_shape(attends, attends.kv_heads, kvfolio::dtype::f16).bytes_per_token();
  }
  return bytes;
}

/// A tier policy that is chosen when the program runs. It decides as if pages had the bytes of a
/// model, by the speeds of the clock: a prompt of `n` tokens takes `n` times as long as a token.
class chosen_tier {
 public:
  static constexpr std::array<std::string_view, 4> names{"recompute", "swap", "auto", "split"};

  /// The one of this name, for the preset `model`. \throws std::invalid_argument if there is none
  chosen_tier(std::string_view name, const tier_options& options, const speed& hardware,
              std::string_view model)
      : name_{name},
        token_bytes_{kv_bytes_per_token(model)},
        costs_{costs_of(options, hardware)},
        automatic_{costs_},
        split_{costs_} {
    for (const auto known : names) {
      if (name == known) return;
    }
    throw std::invalid_argument(
        fmt::format("there is no tier '{}'; take none, {}", name, fmt::join(names, ", ")));
  }

  /// What the policy says.
  [[nodiscard]] std::uint64_t tokens_to_recompute(
      const kvfolio::departure& leaving) const noexcept {
    auto real = leaving;
    real.page_bytes = token_bytes_ * leaving.tokens_per_page;
    real.free_bytes = leaving.free_bytes / leaving.page_bytes * real.page_bytes;
    real.waits_until_out = true;
    if (name_ == "recompute") return kvfolio::tier::recompute{}.tokens_to_recompute(real);
    if (name_ == "swap") return kvfolio::tier::swap{}.tokens_to_recompute(real);
    return name_ == "auto" ? automatic_.tokens_to_recompute(real)
                           : split_.tokens_to_recompute(real);
  }

  /// Nanoseconds that so many bytes of the model take one way.
  [[nodiscard]] nanoseconds moving(std::uint64_t bytes) const {
    return static_cast<nanoseconds>(std::llround(costs_.in.time(bytes).value() * 1e9));
  }
  /// Bytes of the model that a token has.
  [[nodiscard]] std::uint64_t token_bytes() const { return token_bytes_; }

 private:
  [[nodiscard]] static kvfolio::tier::cost_model costs_of(const tier_options& options,
                                                          const speed& hardware) {
    namespace tier = kvfolio::tier;
    tier::cost_model costs;
    costs.work.each_token = tier::flop_count{1};
    costs.computing = tier::utilised(tier::flop_rate{static_cast<double>(hardware.prefill_tps)}, 1);
    costs.out = costs.in = {.bandwidth = tier::gigabytes_per_second(options.link_gbps)};
    return costs;
  }

  std::string name_;
  std::uint64_t token_bytes_;
  kvfolio::tier::cost_model costs_;
  kvfolio::tier::automatic automatic_;
  kvfolio::tier::split split_;
};

static_assert(kvfolio::tier_policy<chosen_tier>);

}  // namespace replay
