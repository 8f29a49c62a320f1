// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/page/free_order.hpp>
#include <kvfolio/page/page_run.hpp>

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

/// Hands out consecutive pages too.
///
/// | expression                  | meaning                                            | precondition |
/// |-----------------------------|----------------------------------------------------|--------------|
/// | `allocate_run(pages)`       | so many consecutive pages, which it hands out;     | `pages > 0`  |
/// |                             | `nullopt` if it finds none, which each leaf defines |              |
/// | `release_run(run, history)` | takes the pages of `run` back, at least one        | handed out   |
///
/// Pages have no memory of how they were handed out: those of a run may come back one by one, and
/// consecutive pages as a run.
// clang-format off
template <class A>
concept run_allocator =
    page_allocator<A> &&
    requires(A& pages, std::uint32_t count, page_run run, page_history history) {
      { pages.allocate_run(count) }       noexcept -> std::same_as<std::optional<page_run>>;
      { pages.release_run(run, history) } noexcept -> std::same_as<void>;
    };
// clang-format on

/// Grows and shrinks while its pages are in use, and no page changes its id.
///
/// | expression     | meaning                                                                    |
/// |----------------|----------------------------------------------------------------------------|
/// | `resize(last)` | the pages are `[first, last)` from now on, and those at or above the old   |
/// |                | end are free; `errc::in_use` and nothing changed while a page at or above  |
/// |                | `last` is handed out. Throws `std::bad_alloc`, with nothing changed.       |
/// |                | Precondition: `last` is not below `first`                                  |
// clang-format off
template <class A>
concept resizable_allocator =
    page_allocator<A> && requires(A& pages, page_id last) {
      { pages.resize(last) } -> std::same_as<result<void>>;
    };
// clang-format on

/// Knows of every page whether it is free, so that it can check what is released: giving back a
/// page that is free, or none of its own, breaks a precondition that it states and checks.
///
/// | expression      | meaning                                                       |
/// |-----------------|---------------------------------------------------------------|
/// | `is_out(page)`  | is `page`, any id at all, one of its pages, and handed out?   |
// clang-format off
template <class A>
concept checking_allocator =
    page_allocator<A> && requires(const A& unchanging, page_id page) {
      { unchanging.is_out(page) } noexcept -> std::same_as<bool>;
    };
// clang-format on

/// Must see every page between two users, also one that is evicted for the next: to wipe it, say.
///
/// | expression           | meaning                                                     |
/// |----------------------|-------------------------------------------------------------|
/// | `A::sees_every_user` | `true`: whoever passes a page on releases it, and takes one |
// clang-format off
template <class A>
concept supervising_allocator = page_allocator<A> && requires { requires A::sees_every_user; };
// clang-format on

}  // namespace kvfolio

namespace kvfolio::page {

/// Is there a page in `run`, and is each of them handed out by `pages`? For preconditions.
/// O(run.pages).
template <class A>
[[nodiscard]] bool all_out(const A& pages, page_run run) noexcept {
  for (auto page = run.first; page != run.end(); page = to_page(to_index(page) + 1)) {
    if (!pages.is_out(page)) return false;
  }
  return run.pages != 0;
}

}  // namespace kvfolio::page
