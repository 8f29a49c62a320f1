// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>

namespace kvfolio {
namespace vm {

/// Who maps ahead, and how far.
struct extension_config {
  std::uint32_t slots = 0;           ///< sequences that grow at a time
  std::uint32_t rows_per_slot = 0;   ///< rows of the longest of them
  std::uint32_t tokens_per_row = 0;  ///< those of the layout
  std::uint32_t look_ahead = 16;     ///< tokens beyond its length that a sequence has mapped
  std::uint32_t rows_per_step = UINT32_MAX;  ///< most rows that are mapped ahead in a step
};

/// What an extension did.
struct extension_counts {
  std::uint64_t ahead = 0;    ///< rows that were mapped before anybody needed them
  std::uint64_t at_once = 0;  ///< rows that somebody had to wait for

  /// Equal in both counts.
  friend bool operator==(const extension_counts&, const extension_counts&) = default;
};

}  // namespace vm

/// What an extension calls, one call at a time, from whichever thread.
///
/// | expression      | meaning                                                                  |
/// |-----------------|--------------------------------------------------------------------------|
/// | `extend(slot)`  | maps the next row of `slot`, or returns why it cannot                    |
/// | `prepare()`     | does a small piece of what will be needed: one chunk of memory, say; and |
/// |                 | returns whether there was any to do                                      |
/// | `bind_thread()` | called once on each other thread: as for a `vm_backend`                  |
// clang-format off
template <class W>
concept extension_work =
    requires(W& work, std::uint32_t slot) {
      { work.extend(slot) }  noexcept -> std::same_as<result<void>>;
      { work.prepare() }     noexcept -> std::same_as<bool>;
      { work.bind_thread() } noexcept -> std::same_as<result<void>>;
    };
// clang-format on

/// Sees to it that sequences have rows before they need them.
///
/// `start` comes first for a slot, `stop` last; one thread calls all members.
///
/// | expression            | meaning                                                            |
/// |-----------------------|--------------------------------------------------------------------|
/// | `E(work, config)`     | calls `work`, which outlives it                                    |
/// | `start(slot, rows)`   | a sequence begins, so many of whose rows are mapped                |
/// | `step()`              | a step begins: `rows_per_step` more rows may be mapped ahead       |
/// | `advance(slot, n)`    | it has `n` tokens: rows up to `look_ahead` more are to be mapped   |
/// | `ensure(slot, n)`     | returns when rows for `n` tokens are mapped, or why they cannot be |
/// | `mapped(slot)`        | rows that are                                                      |
/// | `stop(slot)`          | nothing more is mapped there                                       |
/// | `with(act)`           | returns `act(work)`, which no other call runs beside               |
/// | `counts()`            | `vm::extension_counts`                                             |
// clang-format off
template <class E>
concept row_extension =
    requires(E& extension, const E& unchanging, std::uint32_t slot, std::size_t tokens) {
      { extension.start(slot, slot) }     noexcept -> std::same_as<void>;
      { extension.step() }                noexcept -> std::same_as<void>;
      { extension.advance(slot, tokens) } noexcept -> std::same_as<void>;
      { extension.ensure(slot, tokens) }  noexcept -> std::same_as<result<void>>;
      { unchanging.mapped(slot) }         noexcept -> std::same_as<std::uint32_t>;
      { extension.stop(slot) }            noexcept -> std::same_as<void>;
      { extension.counts() }              noexcept -> std::same_as<vm::extension_counts>;
    };
// clang-format on

namespace vm {

/// Returns `config`. \throws std::invalid_argument saying what is missing
[[nodiscard]] inline const extension_config& checked(const extension_config& config) {
  if (config.slots == 0 || config.rows_per_slot == 0 || config.tokens_per_row == 0) {
    throw std::invalid_argument(
        "kvfolio: an extension needs slots, rows_per_slot and tokens_per_row of at least 1");
  }
  return config;
}

/// Rows that `tokens` tokens need, but no more than a slot has.
[[nodiscard]] constexpr std::uint32_t rows_for(const extension_config& config,
                                               std::size_t tokens) noexcept {
  const auto rows = ceil_div(tokens, std::size_t{config.tokens_per_row});
  return static_cast<std::uint32_t>(std::min<std::size_t>(rows, config.rows_per_slot));
}

}  // namespace vm
}  // namespace kvfolio
