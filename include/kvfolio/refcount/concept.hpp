// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

namespace kvfolio {

/// Counts the pins of one page.
///
/// | expression  | meaning                                              | precondition         |
/// |-------------|------------------------------------------------------|----------------------|
/// | `C()`       | no pins                                              |                      |
/// | `start()`   | the first pin; nobody else has the counter yet       | `idle()`             |
/// | `acquire()` | one pin more; was this the first?                    | fewer than 2^32-1    |
/// | `release()` | one pin less; was this the last?                     | at least one         |
/// | `idle()`    | are there none?                                      |                      |
/// | `unique()`  | is there exactly one?                                |                      |
/// | `count()`   | how many? for reports, never for decisions           |                      |
///
/// `acquire` and `release` answer, because a thread-safe counter cannot be asked afterwards.
// clang-format off
template <class C>
concept reference_counter =
    std::default_initializable<C> &&
    requires(C& counter, const C& unchanging) {
      { counter.start() }     noexcept -> std::same_as<void>;
      { counter.acquire() }   noexcept -> std::same_as<bool>;
      { counter.release() }   noexcept -> std::same_as<bool>;
      { unchanging.idle() }   noexcept -> std::same_as<bool>;
      { unchanging.unique() } noexcept -> std::same_as<bool>;
      { unchanging.count() }  noexcept -> std::same_as<std::uint32_t>;
    };
// clang-format on

}  // namespace kvfolio
