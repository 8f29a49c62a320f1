// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/parked.hpp>
#include <kvfolio/sequence.hpp>
#include <kvfolio/tier/page_transfer.hpp>

namespace kvfolio {

/// A sequence on its way in: it has all its pages, and some of them are being read from the store
/// by somebody else. These are its own, can be found by nobody, and are neither evicted nor written
/// until they have landed, because nobody but this object has the sequence.
///
/// The engine may meanwhile run the `to_compute()` tokens after `committed()` of a sequence that
/// was split, into the pages that it has for them. Whoever moves the pages has ended before this
/// object goes; destroying it gives up the sequence, and what is stored of it. Movable; a
/// moved-from one may only be destroyed or assigned to. One owner thread, the cache's.
template <class Cache>
class [[nodiscard]] resuming {
 public:
  /// Number of pages to be read.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  /// The page to be read at place `index`, and its key. Precondition: `index < size()`.
  [[nodiscard]] tier::page_transfer operator[](std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index < size());
    return cache_->transfer_of(from_, back_, skipped_ + index);
  }

  /// Pages that are stored, some of which need not be read because they were found.
  [[nodiscard]] std::size_t stored_pages() const noexcept { return from_.stored_pages(); }

  /// The sequence, to be read and computed into, but not to be changed.
  [[nodiscard]] const kvfolio::sequence<Cache>& sequence() const noexcept { return back_; }

  /// The first `landed` of the pages have landed: returns the sequence as `parked::resume` does, as
  /// if the store had lost the others, and empties the store of it. O(pages). Precondition:
  /// `landed <= size()`.
  [[nodiscard]] kvfolio::sequence<Cache> finish(std::size_t landed) && noexcept {
    KVFOLIO_EXPECTS(landed <= size());
    cache_->land(from_, back_, skipped_ + landed);
    return std::move(back_);
  }
  /// They all have.
  [[nodiscard]] kvfolio::sequence<Cache> finish() && noexcept {
    return std::move(*this).finish(size());
  }

  /// It stays where it was after all: gives the pages up, and returns what `resume` was asked of.
  [[nodiscard]] parked<Cache> cancel() && noexcept {
    back_.release();
    return std::move(from_);
  }

 private:
  template <class, class>
  friend class cache_preemption;

  resuming(Cache& cache, parked<Cache>&& from, kvfolio::sequence<Cache>&& back,
           std::size_t skipped) noexcept
      : cache_{&cache},
        from_{std::move(from)},
        back_{std::move(back)},
        skipped_{skipped},
        count_{from_.stored_pages() - skipped} {}

  Cache* cache_;
  parked<Cache> from_;
  kvfolio::sequence<Cache> back_;
  std::size_t skipped_;  // stored pages that need not be read
  std::size_t count_;
};

}  // namespace kvfolio
