// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>

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

/// Calls `run` with no, one, two, ... allocations allowed until it succeeds, and `check(failures)`
/// after each that failed; returns how many there were, at most `most`.
template <class Run, class Check>
std::size_t fail_until_it_works(std::size_t most, Run run, Check check) {
  for (std::size_t failures = 0;; ++failures) {
    bool failed = false;
    allow_allocations(failures);
    try {
      run();
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    allow_all_allocations();
    if (!failed || failures == most) return failures;
    check(failures);
  }
}

}  // namespace kvfolio::test
