// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/vm/extension.hpp>

namespace kvfolio::vm {

/// Maps rows inside the call: for tests, and for devices that must not run while page tables change
/// (Volta). With a `look_ahead`, `advance` maps ahead between two steps, where nothing runs.
///
/// All members but the constructor are `noexcept`, and take the time of the rows they map. One
/// owner thread. Costs 4 bytes a slot.
template <extension_work Work>
class synchronous_extension {
 public:
  /// Calls `work`, which outlives it. \throws std::invalid_argument for a bad configuration
  /// \throws std::bad_alloc
  synchronous_extension(Work& work, const extension_config& config)
      : work_{&work}, config_{checked(config)}, mapped_(config.slots) {
    step();
  }

  /// A sequence begins in `slot`, `rows` of whose rows are mapped.
  void start(std::uint32_t slot, std::uint32_t rows) noexcept { at(slot) = rows; }
  /// A step begins.
  void step() noexcept { allowance_ = config_.rows_per_step; }
  /// The sequence has `tokens` tokens. A failure says nothing: who needs the rows will see it.
  void advance(std::uint32_t slot, std::size_t tokens) noexcept {
    const auto rows = rows_for(config_, tokens + config_.look_ahead);
    while (at(slot) < rows && allowance_ != 0 && extend(slot)) {
      ++counts_.ahead;
      --allowance_;
    }
  }
  /// Maps what `tokens` tokens need and is not mapped, or returns why it cannot; what it did until
  /// then stays.
  [[nodiscard]] result<void> ensure(std::uint32_t slot, std::size_t tokens) noexcept {
    const auto rows = rows_for(config_, tokens);
    result<void> done;
    while (at(slot) < rows && (done = extend(slot))) ++counts_.at_once;
    return done;
  }
  /// Rows of `slot` that are mapped.
  [[nodiscard]] std::uint32_t mapped(std::uint32_t slot) const noexcept {
    KVFOLIO_EXPECTS(slot < mapped_.size());
    return mapped_[slot];
  }
  /// The sequence of `slot` ends.
  void stop(std::uint32_t slot) noexcept { at(slot) = 0; }
  /// Returns `act(work)`.
  template <class Act>
  decltype(auto) with(Act&& act) {
    return std::forward<Act>(act)(*work_);
  }
  /// What it did.
  [[nodiscard]] extension_counts counts() const noexcept { return counts_; }

 private:
  [[nodiscard]] std::uint32_t& at(std::uint32_t slot) noexcept {
    KVFOLIO_EXPECTS(slot < mapped_.size());
    return mapped_[slot];
  }
  [[nodiscard]] result<void> extend(std::uint32_t slot) noexcept {
    auto done = work_->extend(slot);
    if (done) ++at(slot);
    return done;
  }

  Work* work_;
  extension_config config_;
  std::vector<std::uint32_t> mapped_;  // by slot
  std::uint32_t allowance_ = 0;
  extension_counts counts_;
};

}  // namespace kvfolio::vm
