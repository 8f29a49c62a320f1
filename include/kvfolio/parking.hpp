// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/parked.hpp>
#include <kvfolio/sequence.hpp>
#include <kvfolio/tier/page_transfer.hpp>

namespace kvfolio {

/// A sequence on its way out: its pages are being stored by somebody else, and nobody can write,
/// extend or evict them, because nobody but this object has the sequence.
///
/// Others may go on reading pages that they share. Whoever moves the pages does so after the copies
/// that the cache has handed out before, and has ended before this object goes. Destroying it gives
/// up the sequence, and what was stored of it. Movable; a moved-from one may only be destroyed or
/// assigned to. One owner thread, the cache's.
template <class Cache>
class [[nodiscard]] parking {
 public:
  /// Number of pages to be stored, which are the last of the sequence.
  [[nodiscard]] std::size_t size() const noexcept { return into_.stored_pages(); }

  /// The page to be stored at place `index`, and its key. Precondition: `index < size()`.
  [[nodiscard]] tier::page_transfer operator[](std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index < size());
    return cache_->transfer_of(into_, leaving_, index);
  }

  /// The first `stored` of them are in the store: gives the pages of the sequence up, deepest
  /// first. O(freed pages). Precondition: `stored <= size()`.
  [[nodiscard]] parked<Cache> finish(std::size_t stored) && noexcept {
    cache_->keep_stored(into_, stored);
    leaving_.release();
    return std::move(into_);
  }
  /// They all are.
  [[nodiscard]] parked<Cache> finish() && noexcept { return std::move(*this).finish(size()); }

  /// The sequence stays after all: returns it, and gives up what was stored.
  [[nodiscard]] sequence<Cache> cancel() && noexcept {
    into_ = {};
    return std::move(leaving_);
  }

 private:
  template <class, class>
  friend class cache_preemption;

  parking(Cache& cache, sequence<Cache>&& leaving, parked<Cache>&& into) noexcept
      : cache_{&cache}, leaving_{std::move(leaving)}, into_{std::move(into)} {}

  Cache* cache_;
  sequence<Cache> leaving_;
  parked<Cache> into_;
};

}  // namespace kvfolio
