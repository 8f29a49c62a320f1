// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include <kvfolio/core/config.hpp>
#include <kvfolio/refcount/concept.hpp>

namespace kvfolio::refcount {

/// Counts pins that several threads take and drop. Costs 4 bytes per page.
///
/// Whoever holds a pin may add one from any thread, and drop it from any thread; exactly one caller
/// is told that it was the last, and everything that other threads did to the page before they let
/// go of it happened before (release on drop, acquire on the last one; Boehm and Adve, "Foundations
/// of the C++ concurrency memory model", PLDI 2008). `unique()` is as good as a lock for the holder
/// of the one pin: nobody else has a pin to add one from.
class atomic {
 public:
  /// Adds the first pin, of a page that no other thread knows yet. Precondition: `idle()`.
  void start() noexcept {
    KVFOLIO_EXPECTS(idle());
    count_.store(1, std::memory_order_relaxed);
  }

  /// Adds a pin and says whether it is the first. Precondition: fewer than 2^32 - 1 pins.
  bool acquire() noexcept {
    const auto before = count_.fetch_add(1, std::memory_order_relaxed);
    KVFOLIO_EXPECTS(before != UINT32_MAX);
    return before == 0;
  }

  /// Drops a pin and says whether it was the last. Precondition: `!idle()`.
  [[nodiscard]] bool release() noexcept {
    const auto before = count_.fetch_sub(1, std::memory_order_acq_rel);
    KVFOLIO_EXPECTS(before != 0);
    return before == 1;
  }

  /// Are there no pins?
  [[nodiscard]] bool idle() const noexcept { return count() == 0; }

  /// Is there exactly one pin?
  [[nodiscard]] bool unique() const noexcept { return count() == 1; }

  /// Number of pins at some moment of the call.
  [[nodiscard]] std::uint32_t count() const noexcept {
    return count_.load(std::memory_order_acquire);
  }

 private:
  std::atomic<std::uint32_t> count_{0};
};

static_assert(reference_counter<atomic>);

}  // namespace kvfolio::refcount
