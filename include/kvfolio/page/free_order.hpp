// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

namespace kvfolio {

/// What a page held when it was released.
enum class page_history : std::uint8_t {
  draft,      ///< it was never full of committed tokens
  committed,  ///< it was, so that its content might have been worth something
};

/// Which end of the free list a released page joins; the front is reused first.
enum class free_end : std::uint8_t { front, back };

/// Decides where a released page joins the free list, by `end(history)`: a constant function.
// clang-format off
template <class O>
concept free_order = requires(page_history history) {
  { O::end(history) } noexcept -> std::same_as<free_end>;
};
// clang-format on

}  // namespace kvfolio

namespace kvfolio::page {

/// Every released page goes to the back, so pages are reused in the order in which they were
/// released. The order of vLLM's first block pool (Kwon et al., SOSP 2023).
struct append {
  /// Returns `free_end::back`.
  [[nodiscard]] static constexpr free_end end(page_history /*history*/) noexcept {
    return free_end::back;
  }
};

/// Pages that held drafts go to the front and are reused first, while their metadata is still in
/// the processor's cache; committed ones go to the back. The order of vLLM's block pool since 2026,
/// where partial pages no longer push full ones out.
struct split {
  /// Returns `free_end::front` for drafts.
  [[nodiscard]] static constexpr free_end end(page_history history) noexcept {
    return history == page_history::draft ? free_end::front : free_end::back;
  }
};

static_assert(free_order<append> && free_order<split>);

}  // namespace kvfolio::page
