// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>

#include <kvfolio/eviction/page_access.hpp>

namespace kvfolio::eviction {

/// Says what it costs to lose a page, as its last access tells: more than nothing, in any unit, as
/// long as it is the same for all pages.
// clang-format off
template <class C>
concept cost_function =
    std::movable<C> &&
    std::is_nothrow_invocable_r_v<double, const C&, const page_access&>;
// clang-format on

/// Every page costs the same.
struct unit_cost {
  /// 1.
  double operator()(const page_access& /*access*/) const noexcept { return 1; }
};

/// The deeper a page lies, the more its tokens attend to, and the dearer it is to compute again.
struct depth_cost {
  double pages = 52;  ///< at this depth, a page costs twice what the first one does
  /// 1 and more.
  double operator()(const page_access& access) const noexcept { return 1 + access.depth / pages; }
};

/// The tokens in the page, where some are full and some are not.
struct token_cost {
  /// As many as are known, and at least 1.
  double operator()(const page_access& access) const noexcept {
    return access.tokens > 0 ? access.tokens : 1;
  }
};

/// What the engine says that computing the page again takes, in seconds.
struct recompute_cost {
  /// Seconds, or what the engine counts in.
  double operator()(const page_access& access) const noexcept {
    return static_cast<double>(access.recompute_cost);
  }
};

static_assert(cost_function<unit_cost> && cost_function<depth_cost> && cost_function<token_cost> &&
              cost_function<recompute_cost>);

}  // namespace kvfolio::eviction
