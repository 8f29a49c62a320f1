// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>

#include <kvfolio/core/types.hpp>
#include <kvfolio/page/free_order.hpp>

namespace kvfolio {

/// Hands out page ids and takes them back.
///
/// With `first <= last` page ids, `page` one that is handed out:
///
/// | expression               | meaning                                                          |
/// |--------------------------|------------------------------------------------------------------|
/// | `A(first, last)`         | pages `[first, last)`, all free; the only operation that throws  |
/// | `allocate()`             | a free page, which it hands out; `nullopt` iff there is none     |
/// | `release(page, history)` | takes `page` back; it held what `history` says                   |
/// | `size()`                 | number of free pages                                             |
/// | `for_each(visit)`        | calls `visit(page)` for every free page, in a fixed order: the   |
/// |                          | state, for digests and checks                                    |
///
/// Equal calls give equal pages: an allocator asks no clock, no address and no hash.
// clang-format off
template <class A>
concept page_allocator =
    std::movable<A> && std::constructible_from<A, page_id, page_id> &&
    requires(A& pages, const A& unchanging, page_id page, page_history history,
             void (&visit)(page_id)) {
      { pages.allocate() }             noexcept -> std::same_as<std::optional<page_id>>;
      { pages.release(page, history) } noexcept -> std::same_as<void>;
      { unchanging.size() }            noexcept -> std::same_as<std::size_t>;
      { unchanging.for_each(visit) }            -> std::same_as<void>;
    };
// clang-format on

}  // namespace kvfolio
