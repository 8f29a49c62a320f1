// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/parked.hpp>
#include <kvfolio/parking.hpp>
#include <kvfolio/resuming.hpp>
#include <kvfolio/sequence.hpp>
#include <kvfolio/tier/with_store.hpp>
#include <kvfolio/vm/concept.hpp>

namespace kvfolio {

/// A sequence of a contiguous cache that was preempted: see `kvfolio::parked`, which this is, and
/// the addresses that it needs again. Empty after a move or a successful `resume`.
template <class Cache, class Pages>
class [[nodiscard]] parked_addresses {
 public:
  /// Nothing.
  parked_addresses() noexcept = default;

  /// Is there something?
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(pages_); }
  /// What it had, and what the tier keeps of it.
  [[nodiscard]] const parked<Pages>& pages() const noexcept { return pages_; }

  /// Brings the sequence back, all of it or nothing; see `parked::resume`. Fails as there, and with
  /// `errc::no_mappings`; then this can be tried again.
  [[nodiscard]] result<sequence<Cache>> resume() && noexcept {
    KVFOLIO_EXPECTS(cache_ != nullptr);
    return cache_->resume(pages_);
  }

 private:
  template <class, class>
  friend class contiguous_preemption;
  parked_addresses(Cache& cache, parked<Pages>&& pages) noexcept
      : cache_{&cache}, pages_{std::move(pages)} {}

  Cache* cache_ = nullptr;
  parked<Pages> pages_;
};

/// How sequences leave a contiguous cache and come back, row by row: the base of `Cache`, whose
/// pages are those of `Types`. Costs a row of memory if the tier has a store.
template <class Cache, class Types>
class contiguous_preemption {
  using pages_type = typename Types::pages;
  using tier_type = typename pages_type::policies::tier;

 public:
  using parked = parked_addresses<Cache, pages_type>;  ///< a sequence that was preempted

  /// Takes `leaving` out of the pool, and lets the tier store what it does not want to recompute;
  /// see `paged_cache::preempt`. Its rows are read wherever they are mapped. O(pages and committed
  /// tokens), and the store. Fails with `errc::out_of_memory` or `errc::device_failed`; then
  /// `leaving` is as it was. Empty after success. Precondition: it is neither empty nor reserved.
  [[nodiscard]] result<parked> preempt(sequence<Cache>&& leaving) noexcept {
    const auto row = self().row_of(leaving);
    auto& held = self().held_[row];
    auto begun = self().pages_.preempt_later(std::move(held));
    if (!begun) return begun.error();
    std::size_t stored = 0;
    if constexpr (storing_tier<tier_type>) {
      auto& store = self().pages_.tier().store();
      for (; stored < begun->size(); ++stored) {
        const auto each = (*begun)[stored];
        const auto read = self().mapped([&](auto& rows) { return rows.read(each.page, bytes_); });
        if (!read) {
          held = std::move(*begun).cancel();
          return read.error();
        }
        if (!store.put(each.key, bytes_)) break;
      }
    }
    parked left{self(), std::move(*begun).finish(stored)};
    leaving.release();  // its addresses; the pages are gone
    return left;
  }

 private:
  friend Cache;
  friend parked;

  explicit contiguous_preemption(std::size_t row_bytes)
      : bytes_(storing_tier<tier_type> ? row_bytes : 0) {}
  [[nodiscard]] Cache& self() noexcept { return static_cast<Cache&>(*this); }

  [[nodiscard]] result<sequence<Cache>> resume(kvfolio::parked<pages_type>& from) noexcept {
    if (self().waits_for_slot()) return errc::in_flight;
    const auto pages = self().pages_for(from.length());
    const auto room = self().make_room(pages);
    if (!room) return errc::no_mappings;
    auto begun = std::move(from).resume_later();
    if (!begun) return begun.error();
    std::size_t landed = 0;
    if constexpr (storing_tier<tier_type>) {
      auto& store = self().pages_.tier().store();
      for (; landed < begun->size(); ++landed) {
        const auto each = (*begun)[landed];
        if (!store.get(each.key, bytes_)) break;
        const auto written =
            self().mapped([&](auto& rows) { return rows.write(each.page, bytes_); });
        if (!written) {
          from = std::move(*begun).cancel();
          return written.error();
        }
      }
    }
    auto back = self().settle(std::move(*begun).finish(landed), pages);
    // What is not yet committed may be written: the engine may have to compute it again.
    if (back && back->committed() < back->length()) {
      const auto first = back->committed() / self().tokens_per_page();
      const auto done = self().show(self().row_of(*back), first, vm::access::read_write);
      if (!done) return done.error();
    }
    return back;
  }

  std::vector<std::byte> bytes_;  // of a row on its way
};

}  // namespace kvfolio
