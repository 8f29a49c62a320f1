// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/lock/concept.hpp>

namespace kvfolio::lock {

/// Excludes nobody, and costs nothing: for code that is written for threads and used by one.
struct none {
  /// Does nothing.
  void lock() noexcept {}
  /// Does nothing.
  void unlock() noexcept {}
};

static_assert(mutual_exclusion<none>);

}  // namespace kvfolio::lock
