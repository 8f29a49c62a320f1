// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <kvfolio/tier/last_come.hpp>
#include <kvfolio/tier/prefill_work.hpp>

namespace kvfolio::tier {

/// Who is computed again with the fewest operations leaves first, and of equals who came last.
class least_recomputation {
 public:
  /// Counts operations by `work`.
  explicit least_recomputation(prefill_work work) : work_{std::move(work)} {}

  /// By operations, then by arrival. O(windows).
  [[nodiscard]] bool before(const victim& one, const victim& other) const noexcept {
    const auto first = operations_for(one.leaving);
    const auto second = operations_for(other.leaving);
    return first != second ? first < second : last_come{}.before(one, other);
  }

 private:
  [[nodiscard]] flop_count operations_for(const departure& leaving) const noexcept {
    return work_.linear(leaving.tokens) + work_.attending(leaving.context, leaving.tokens);
  }

  prefill_work work_;
};

static_assert(victim_order<least_recomputation>);

}  // namespace kvfolio::tier
