// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace kvfolio::test {

/// What went through the `operator new` of a program that is linked with allocation_guard.cpp.
struct allocation_counts {
  std::size_t attempts = 0;  ///< calls so far, successful or not
  std::size_t live = 0;      ///< blocks that were not given back yet
};

/// The counts so far.
[[nodiscard]] allocation_counts allocations() noexcept;

/// Lets the next `number` allocations succeed and all after them fail.
void allow_allocations(std::size_t number) noexcept;

/// Ends that.
void allow_all_allocations() noexcept;

}  // namespace kvfolio::test
