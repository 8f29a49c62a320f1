// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/observe/notify.hpp>
#include <kvfolio/page/concept.hpp>
#include <kvfolio/page/free_order.hpp>
#include <kvfolio/prefix/revocable.hpp>

namespace kvfolio {

/// What an engine does to a cache as a whole, now and then: the base of `Cache`.
template <class Cache>
class cache_upkeep {
 public:
  /// Sets the logical time, in the caller's unit, in which retention hints are given. Precondition:
  /// it does not go back.
  void advance(std::uint64_t now) noexcept {
    KVFOLIO_EXPECTS(now >= self().resident().now());
    self().resident().advance(now);
  }

  /// Makes everything indexed so far match no more: the model's weights have changed, say. O(1).
  /// Cached pages are evicted as any others; sequences that live keep their pages and never index
  /// again.
  void invalidate() noexcept {
    ++self().epoch_;
    notify(self().resident().observer(), event::invalidated{self().epoch_});
  }

  /// Makes the pages that are the session's own match no more: those that it indexed, and no other
  /// session after it, nor anything that follows them. Cached ones are free at once, from the last
  /// on; what is in use, and what is indexed after that, is never found, and evicted in its time.
  /// Returns how many were found until now. O(pages of the session). Sequences that are parked
  /// bring back what they keep.
  template <class C = Cache>
  std::size_t invalidate(session_id session) noexcept requires
      revocable_prefix_index<typename C::policies::prefix_index> {
    return revoke(session);
  }

  /// The same for all pages of a version of an adapter: it was trained again, or is not to be
  /// served. 0, 0 are those without an adapter. O(pages of the version).
  template <class C = Cache>
  std::size_t invalidate(std::uint64_t adapter, std::uint64_t version) noexcept requires
      revocable_prefix_index<typename C::policies::prefix_index> {
    return revoke(adapter_version{adapter, version});
  }

  /// Makes the cache as empty as when it was made. O(cached pages). Fails with `errc::in_use` if a
  /// sequence lives, with `errc::in_flight` if a copy has not landed; then nothing has changed.
  [[nodiscard]] result<void> reset() noexcept {
    if (!self().records_.unused()) return self().fail(errc::in_use);
    if (self().resident().landing() != 0 ||
        self().resident().index().size() != self().resident().cached()) {
      return self().fail(errc::in_flight);
    }
    while (self().resident().evictable() != 0) self().resident().evict_one({});
    return {};
  }

  /// Makes the pool the pages below `pages`: only what is new becomes free, what is above is given
  /// up, and no page that stays changes its id or its content. Pages above that are cached are
  /// evicted, with as many before them as the eviction policy puts there. O(pool). Fails with
  /// `errc::in_use` if a page above is in use, or would leave a reservation without its pages; then
  /// nothing has changed. Precondition: `pages` is at most `config().pages`, for which the cache
  /// was made, and leaves one to use. \throws std::bad_alloc with nothing changed but evictions
  template <class C = Cache>
  requires resizable_allocator<typename C::policies::page_allocator>
  [[nodiscard]] result<void> resize(std::uint32_t pages) {
    auto& resident = self().resident();
    const auto& pool = resident.pool();
    const std::size_t first = self().config_.reserve_null_page ? 1 : 0;
    KVFOLIO_EXPECTS(first < pages && pages <= self().config_.pages);
    const auto end = std::max<std::size_t>(first + pool.capacity(), pages);
    std::size_t free_above = 0;
    pool.allocator().for_each([&](page_id page) { free_above += to_index(page) >= pages ? 1 : 0; });
    std::size_t cached_above = 0;
    for (std::size_t page = pages; page < end; ++page) {
      const bool indexed = resident.index().contains(to_page(page));
      cached_above += indexed && resident.is_cached(to_page(page)) ? 1 : 0;
    }
    if (free_above + cached_above != end - pages ||
        resident.set_aside() > pool.free() - free_above) {
      return self().fail(errc::in_use);
    }
    while (cached_above != 0) {
      cached_above -= to_index(resident.evict_one({})) >= pages ? 1 : 0;
    }
    return resident.resize(to_page(pages));
  }

 private:
  friend Cache;
  cache_upkeep() noexcept = default;

  template <class Owner>
  std::size_t revoke(const Owner& owner) noexcept {
    auto& resident = self().resident();
    std::size_t revoked = 0;
    for (auto page = resident.index().last_of(owner); page; ++revoked) {
      if (resident.is_evictable(*page)) {
        resident.pin(*page);
        resident.withdraw(*page, std::nullopt);
        resident.unpin(*page, page_history::committed);
      } else {
        resident.index().hide(*page);
      }
      page = resident.index().last_of(owner);
    }
    return revoked;
  }

  [[nodiscard]] Cache& self() noexcept { return static_cast<Cache&>(*this); }
};

}  // namespace kvfolio
