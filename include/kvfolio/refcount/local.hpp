// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <kvfolio/core/config.hpp>
#include <kvfolio/refcount/concept.hpp>

namespace kvfolio::refcount {

/// Counts pins without synchronisation: one owner thread. Costs 4 bytes per page.
class local {
 public:
  /// Adds the first pin. Precondition: `idle()`.
  void start() noexcept {
    KVFOLIO_EXPECTS(idle());
    count_ = 1;
  }

  /// Adds a pin and says whether it is the first. Precondition: fewer than 2^32 - 1 pins.
  bool acquire() noexcept {
    KVFOLIO_EXPECTS(count_ != UINT32_MAX);
    return count_++ == 0;
  }

  /// Drops a pin and says whether it was the last. Precondition: `!idle()`.
  [[nodiscard]] bool release() noexcept {
    KVFOLIO_EXPECTS(!idle());
    return --count_ == 0;
  }

  /// Are there no pins?
  [[nodiscard]] bool idle() const noexcept { return count_ == 0; }

  /// Is there exactly one pin?
  [[nodiscard]] bool unique() const noexcept { return count_ == 1; }

  /// Number of pins.
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

 private:
  std::uint32_t count_ = 0;
};

static_assert(reference_counter<local>);

}  // namespace kvfolio::refcount
