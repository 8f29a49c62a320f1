// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace kvfolio {

/// Which of a sequence's tokens one group of layers still reads: what full, windowed, chunked and
/// recurrent layers differ in, and all that a cache must know of it.
///
/// With `rule` an unchanging `R`, and `n` complete tokens of a sequence:
///
/// | expression             | meaning                                                            |
/// |------------------------|--------------------------------------------------------------------|
/// | `rule.first_needed(n)` | the first position that the token at `n`, or a later one, reads,   |
/// |                        | sinks apart; at most `n`, and it never falls as `n` grows          |
/// | `rule.sinks()`         | leading positions that are read for ever                           |
/// | `rule.reach()`         | the most positions there ever are in `[first_needed(n), n)`;       |
/// |                        | `SIZE_MAX` if it is always 0 that is needed first                  |
/// | `rule.interval()`      | tokens that share one state, where a page holds the state after    |
/// |                        | the last of them; 0 where each position has keys and values of its |
/// |                        | own                                                                |
///
/// All are O(1) and `noexcept`; a rule is a value. From these follow the pages that a sequence
/// keeps, those that a prompt of a given length needs to resume, and the most that it ever has.
// clang-format off
template <class R>
concept group_rule =
    std::copyable<R> &&
    requires(const R& rule, std::size_t complete) {
      { rule.first_needed(complete) } noexcept -> std::same_as<std::size_t>;
      { rule.sinks() }                noexcept -> std::same_as<std::size_t>;
      { rule.reach() }                noexcept -> std::same_as<std::size_t>;
      { rule.interval() }             noexcept -> std::same_as<std::uint32_t>;
    };
// clang-format on

}  // namespace kvfolio
