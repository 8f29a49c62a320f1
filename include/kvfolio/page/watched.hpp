// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <kvfolio/page/concept.hpp>

namespace kvfolio {

/// Looks on while pages are handed out and come back: what `page::watched` asks.
///
/// | expression                 | meaning                                                       |
/// |----------------------------|---------------------------------------------------------------|
/// | `allowance()`              | how many more pages may be handed out now, if there are any   |
/// | `taken(run)`               | these were                                                    |
/// | `refused(pages)`           | that many were asked for, and not handed out                  |
/// | `returning(run, history)`  | these are about to be free                                    |
/// | `make_room(last)`          | there will be pages below `last`; may throw                   |
/// | `W::sees_every_user`       | must evicted pages come back, before the next user gets one?  |
///
/// Derive from `page::null_watch`, and say only what is to be different.
// clang-format off
template <class W>
concept page_watch =
    std::movable<W> &&
    requires(W& watch, const W& unchanging, page_run run, page_history history,
             std::uint32_t pages, page_id last) {
      { unchanging.allowance() }        noexcept -> std::same_as<std::size_t>;
      { watch.taken(run) }              noexcept -> std::same_as<void>;
      { watch.refused(pages) }          noexcept -> std::same_as<void>;
      { watch.returning(run, history) } noexcept -> std::same_as<void>;
      { watch.make_room(last) }                  -> std::same_as<void>;
      requires std::same_as<decltype(W::sees_every_user), const bool>;
    };
// clang-format on

}  // namespace kvfolio

namespace kvfolio::page {

/// Allows everything, and remembers nothing.
struct null_watch {
  static constexpr bool sees_every_user = false;  ///< evicted pages need not come back
  /// As many as there are.
  [[nodiscard]] static constexpr std::size_t allowance() noexcept {
    return std::numeric_limits<std::size_t>::max();
  }
  /// Does nothing.
  static constexpr void taken(page_run /*run*/) noexcept {}
  /// Does nothing.
  static constexpr void refused(std::uint32_t /*pages*/) noexcept {}
  /// Does nothing.
  static constexpr void returning(page_run /*run*/, page_history /*history*/) noexcept {}
  /// Does nothing.
  static constexpr void make_room(page_id /*last*/) {}
};

static_assert(page_watch<null_watch>);

/// Hands out the pages of any allocator, and `Watch` looks on. Does what `A` can do, in the time
/// that `A` takes and `Watch` besides. As thread-safe as both are: watches with a state are not.
template <page_allocator A, page_watch Watch>
class watched {
 public:
  /// Must it see every page between two users? If the watch says so.
  static constexpr bool sees_every_user = Watch::sees_every_user;

  /// Watches `A(first, last)`, by a watch that is made from nothing. \throws what making them does
  watched(page_id first, page_id last) requires std::default_initializable<Watch>
      : pages_(first, last) {
    watch_.make_room(last);
  }

  /// Watches `pages`, none of which is handed out, by a `watch` that has room for them.
  watched(A pages, Watch watch) : pages_{std::move(pages)}, watch_{std::move(watch)} {}

  /// Hands out a page of `A`, if the watch allows it.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    const auto page = watch_.allowance() == 0 ? std::nullopt : pages_.allocate();
    if (page) {
      watch_.taken({*page, 1});
    } else {
      watch_.refused(1);
    }
    return page;
  }

  /// Hands out consecutive pages of `A`, if the watch allows as many.
  [[nodiscard]] std::optional<page_run> allocate_run(std::uint32_t pages) noexcept requires
      run_allocator<A> {
    const auto run = watch_.allowance() < pages ? std::nullopt : pages_.allocate_run(pages);
    if (run) {
      watch_.taken(*run);
    } else {
      watch_.refused(pages);
    }
    return run;
  }

  /// Takes `page` back. Precondition: it is handed out.
  void release(page_id page, page_history history) noexcept {
    watch_.returning({page, 1}, history);
    pages_.release(page, history);
  }

  /// Takes the pages of `run` back. Precondition: they are handed out.
  void release_run(page_run run, page_history history) noexcept requires run_allocator<A> {
    watch_.returning(run, history);
    pages_.release_run(run, history);
  }

  /// Grows or shrinks as `A` does. \throws std::bad_alloc with nothing changed
  [[nodiscard]] result<void> resize(page_id last) requires resizable_allocator<A> {
    watch_.make_room(last);
    return pages_.resize(last);
  }

  /// Is `page` one of the pages, and handed out?
  [[nodiscard]] bool is_out(page_id page) const noexcept requires checking_allocator<A> {
    return pages_.is_out(page);
  }

  /// Number of free pages that the watch allows to hand out.
  [[nodiscard]] std::size_t size() const noexcept {
    return std::min(pages_.size(), watch_.allowance());
  }

  /// Calls `visit(page)` for every free page of `A`, in its order, allowed or not.
  template <class Visit>
  void for_each(Visit&& visit) const {
    pages_.for_each(std::forward<Visit>(visit));
  }

  /// Who looks on.
  [[nodiscard]] Watch& watch() noexcept { return watch_; }
  /// \overload
  [[nodiscard]] const Watch& watch() const noexcept { return watch_; }

 private:
  A pages_;
  [[no_unique_address]] Watch watch_;
};

}  // namespace kvfolio::page
