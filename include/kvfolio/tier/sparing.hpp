// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/tier/victim_order.hpp>

namespace kvfolio::tier {

/// Spares who has only just come, so that no sequence comes and goes without getting on: it runs
/// `steps` steps before it is a victim like others, and twice as many after each time it had to
/// leave. Where all are spared, `Order` decides: somebody has to leave.
template <victim_order Order>
class sparing {
 public:
  /// Spares for `steps` steps, doubled at most `doublings` times. Precondition: `doublings < 64`.
  explicit sparing(std::uint64_t steps, std::uint32_t doublings = 4, Order order = {})
      : steps_{steps}, doublings_{doublings}, order_{std::move(order)} {
    KVFOLIO_EXPECTS(doublings < 64);
  }

  /// Is `each` spared?
  [[nodiscard]] bool spares(const victim& each) const noexcept {
    const auto doublings = std::min(each.preemptions, doublings_);
    return each.steps >> doublings < steps_;  // the other way it could overflow
  }

  /// Who is not spared, then by `Order`.
  [[nodiscard]] bool before(const victim& one, const victim& other) const noexcept {
    const bool first = spares(one);
    return first != spares(other) ? !first : order_.before(one, other);
  }

 private:
  std::uint64_t steps_;
  std::uint32_t doublings_;
  [[no_unique_address]] Order order_;
};

}  // namespace kvfolio::tier
