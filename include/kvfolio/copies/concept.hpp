// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/core/copy_op.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/model/page_array.hpp>

namespace kvfolio {

/// Carries out the copies that copy-on-write asks for, at once or later.
///
/// With `op` a `copy_op` and `pages` a `model::page_array`:
///
/// | expression          | meaning                                                            |
/// |---------------------|--------------------------------------------------------------------|
/// | `C(pages)`          | for pages `[0, pages)`; the only operation that may throw          |
/// | `submit(op, pages)` | takes the copy; it runs after those that were submitted before it  |
/// | `busy(page)`        | does a copy that has not landed read or write `page`?              |
/// | `unread(page)`      | a bound of the leading tokens of `page` that copies which have not |
/// |                     | landed read; 0 if there are none                                   |
/// | `C::needs_bytes`    | constant: must the host have the bytes of the pages?               |
///
/// The destination of a copy is not `busy` when it is submitted: a page is not reused before the
/// copies that touch it have landed. So there are never more of them than pages.
// clang-format off
template <class C>
concept copy_backend =
    std::movable<C> && std::constructible_from<C, std::size_t> &&
    requires(C& copies, const C& unchanging, const copy_op& op, const model::page_array& pages,
             page_id page) {
      { copies.submit(op, pages) } noexcept -> std::same_as<void>;
      { unchanging.busy(page) }    noexcept -> std::same_as<bool>;
      { unchanging.unread(page) }  noexcept -> std::same_as<std::uint32_t>;
      requires std::same_as<decltype(C::needs_bytes), const bool>;
    };
// clang-format on

/// Names the copies that were taken up to some moment.
enum class copy_ticket : std::uint64_t {};

/// Copies that a caller has taken over, to be carried out in order.
struct copy_batch {
  std::size_t count;   ///< how many were written to the caller's buffer
  copy_ticket ticket;  ///< to report them as landed, together with all that were taken before
};

/// A `copy_backend` whose copies the engine carries out, on a stream of its own.
///
/// | expression               | meaning                                                         |
/// |--------------------------|-----------------------------------------------------------------|
/// | `waiting()`              | number of copies that nobody has taken                          |
/// | `take(out)`              | moves the oldest of them to `out`, as many as fit               |
/// | `complete(ticket, idle)` | what was taken up to `ticket` has landed; calls `idle(page)`    |
/// |                          | for each page that no copy touches any more. Reporting a ticket |
/// |                          | again does nothing                                              |
// clang-format off
template <class C>
concept deferring_copy_backend =
    copy_backend<C> &&
    requires(C& copies, const C& unchanging, std::span<copy_op> out, copy_ticket ticket,
             void (&idle)(page_id) noexcept) {
      { unchanging.waiting() }          noexcept -> std::same_as<std::size_t>;
      { copies.take(out) }              noexcept -> std::same_as<copy_batch>;
      { copies.complete(ticket, idle) } noexcept -> std::same_as<void>;
    };
// clang-format on

}  // namespace kvfolio
