// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>

namespace kvfolio {

/// How large a request is, as far as is known when it begins.
struct request_size {
  std::size_t prompt_tokens = 0;  ///< that are given
  std::size_t output_tokens = 0;  ///< that will be generated, if somebody knows
};

/// Says how much storage a sequence has when it needs some: the difference between paging and the
/// systems before it.
///
/// | expression                        | meaning                                                   |
/// |-----------------------------------|-----------------------------------------------------------|
/// | `R::storage(tokens, size, most)`  | tokens that shall have storage when `tokens` must, of a   |
/// |                                   | request of `size`; at most `most`, which `tokens` is not  |
/// |                                   | above, count                                              |
/// | `R::contiguous`                   | must the pages that one `append` takes be consecutive? It |
/// |                                   | fails then if no run is free. Needs a `run_allocator`,    |
/// |                                   | and no prefix index                                       |
// clang-format off
template <class R>
concept reservation_rule =
    requires(std::size_t tokens, const request_size& size) {
      { R::storage(tokens, size, tokens) } noexcept -> std::same_as<std::size_t>;
      requires std::same_as<decltype(R::contiguous), const bool>;
    };
// clang-format on

namespace page {

/// Storage for what there is: a page when a token needs it. What paging is for (Kwon et al.,
/// "PagedAttention", SOSP 2023), and the default.
struct on_demand {
  static constexpr bool contiguous = false;  ///< any page will do
  /// As many as need it. O(1).
  [[nodiscard]] static constexpr std::size_t storage(std::size_t tokens,
                                                     const request_size& /*size*/,
                                                     std::size_t /*most*/) noexcept {
    return tokens;
  }
};

static_assert(reservation_rule<on_demand>);

}  // namespace page
}  // namespace kvfolio
