// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/page/concept.hpp>
#include <kvfolio/refcount/concept.hpp>

namespace kvfolio {

/// Pages and their pins: a page is free, or pinned at least once, or on its way from one to the
/// other.
///
/// Letting go of the last pin and giving the page back are two calls, because what happens between
/// them (waiting for a copy, keeping the page for others to find) is the business of whoever uses
/// the pool. All operations are O(1), `noexcept` and free of allocation, except construction. Costs
/// one counter per page, besides the allocator. As thread-safe as its policies: one owner thread by
/// default.
template <page_allocator Allocator, reference_counter Refcount>
class page_pool {
 public:
  /// Creates a pool of the free pages that `allocator` hands out, all of them below `bound`.
  /// \throws std::bad_alloc
  page_pool(Allocator allocator, std::size_t bound)
      : allocator_{std::move(allocator)}, capacity_{allocator_.size()}, pins_(bound) {}

  /// Number of pages, free or not.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Number of free pages.
  [[nodiscard]] std::size_t free() const noexcept { return allocator_.size(); }

  /// Returns a page that was free, pinned once; `nullopt` when none is.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    const auto page = allocator_.allocate();
    if (page) at(*page).start();
    return page;
  }

  /// Returns so many consecutive pages that were free, each pinned once; `nullopt` when the
  /// allocator finds no run. O(pages), and the allocator's time.
  template <run_allocator A = Allocator>
  [[nodiscard]] std::optional<page_run> allocate_run(std::uint32_t pages) noexcept {
    const auto run = allocator_.allocate_run(pages);
    if (!run) return run;
    for (auto page = to_index(run->first); page != to_index(run->end()); ++page) {
      at(to_page(page)).start();
    }
    return run;
  }

  /// Would the allocator find a run of `pages` pages? Leaves no trace.
  template <run_allocator A = Allocator>
  [[nodiscard]] bool has_run(std::uint32_t pages) noexcept {
    const auto run = allocator_.allocate_run(pages);
    if (run) allocator_.release_run(*run, page_history::draft);
    return run.has_value();
  }

  /// Grows or shrinks to the pages below `last`, or returns `errc::in_use` and changes nothing.
  /// Precondition: `last` is not above the bound. \throws std::bad_alloc with nothing changed
  template <resizable_allocator A = Allocator>
  [[nodiscard]] result<void> resize(page_id last) {
    KVFOLIO_EXPECTS(to_index(last) <= pins_.size());
    const auto out = capacity_ - free();
    auto done = allocator_.resize(last);
    if (done) capacity_ = out + free();
    return done;
  }

  /// Adds the first pin of a page that has none, and was not released. Precondition: that is so.
  void revive(page_id page) noexcept { at(page).start(); }

  /// Adds a pin. Precondition: `page` has one.
  void pin(page_id page) noexcept {
    KVFOLIO_EXPECTS(!at(page).idle());
    at(page).acquire();
  }

  /// Drops a pin and says whether it was the last; then `page` is nobody's, and must be released.
  /// Precondition: `page` has a pin.
  [[nodiscard]] bool unpin(page_id page) noexcept { return at(page).release(); }

  /// Gives a page back that has no pins; it held what `history` says. Precondition: the last call
  /// of `unpin(page)` returned true, and `page` was not released since.
  void release(page_id page, page_history history) noexcept {
    KVFOLIO_EXPECTS(at(page).idle() && free() < capacity());
    allocator_.release(page, history);
  }

  /// Does `page` have no pin?
  [[nodiscard]] bool idle(page_id page) const noexcept { return at(page).idle(); }

  /// Does `page` have exactly one pin?
  [[nodiscard]] bool unique(page_id page) const noexcept { return at(page).unique(); }

  /// Number of pins of `page`, for reports.
  [[nodiscard]] std::uint32_t pins(page_id page) const noexcept { return at(page).count(); }

  /// The allocator, for its statistics.
  [[nodiscard]] const Allocator& allocator() const noexcept { return allocator_; }

 private:
  [[nodiscard]] Refcount& at(page_id page) noexcept {
    KVFOLIO_EXPECTS(to_index(page) < pins_.size());
    return pins_[to_index(page)];
  }
  [[nodiscard]] const Refcount& at(page_id page) const noexcept {
    KVFOLIO_EXPECTS(to_index(page) < pins_.size());
    return pins_[to_index(page)];
  }

  Allocator allocator_;
  std::size_t capacity_;
  std::vector<Refcount> pins_;  // by page
};

}  // namespace kvfolio
