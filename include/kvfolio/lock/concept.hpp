// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>

namespace kvfolio {

/// Lets one thread at a time pass: the standard library's `BasicLockable`, such as `std::mutex`.
///
/// | expression   | meaning                                          | precondition         |
/// |--------------|--------------------------------------------------|----------------------|
/// | `M()`        | nobody holds it                                  |                      |
/// | `m.lock()`   | waits until nobody holds it; then the caller has | the caller does not  |
/// | `m.unlock()` | the caller holds it no more                      | the caller holds it  |
// clang-format off
template <class M>
concept mutual_exclusion =
    std::default_initializable<M> &&
    requires(M& mutex) {
      mutex.lock();
      { mutex.unlock() } -> std::same_as<void>;
    };
// clang-format on

}  // namespace kvfolio
