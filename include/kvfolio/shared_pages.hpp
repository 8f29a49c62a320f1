// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <kvfolio/copies/concept.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/observe/notify.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/policies.hpp>

namespace kvfolio {

/// Pages with two kinds of pins: of *users*, which are sequences and copies in flight, and of
/// *keepers*, which are places of an index where the page can be found. A page with neither is
/// free; one that is only kept is cached.
///
/// What the pages of `hybrid_cache` are, where a page in the middle of a sequence may go before
/// those around it, so that each sequence pins each page it has. All is O(1), `noexcept` and free
/// of allocation, except construction. Costs 10 bytes per page beside the pool. One owner thread.
template <policy_bundle Policies>
class shared_pages {
 public:
  using copies_type = typename Policies::copies;  ///< who carries out the copies
  /// The pages and their pins.
  using pool_type = page_pool<typename Policies::page_allocator, typename Policies::refcount>;

  /// Makes pages of those that `allocator` hands out, all below `bound`. \throws std::bad_alloc
  shared_pages(typename Policies::page_allocator allocator, std::size_t bound,
               typename Policies::observer observer)
      : pool_{std::move(allocator), bound},
        copies_(bound),
        observer_{std::move(observer)},
        users_(bound),
        groups_(bound) {}

  /// Number of pages.
  [[nodiscard]] std::size_t capacity() const noexcept { return pool_.capacity(); }
  /// Pages that are neither used nor kept.
  [[nodiscard]] std::size_t free() const noexcept { return pool_.free(); }
  /// Pages that are kept and not used.
  [[nodiscard]] std::size_t cached() const noexcept { return cached_; }
  /// The pages and all their pins.
  [[nodiscard]] const pool_type& pool() const noexcept { return pool_; }
  /// Who carries out the copies.
  [[nodiscard]] const copies_type& copies() const noexcept { return copies_; }
  /// \overload
  [[nodiscard]] copies_type& copies() noexcept { return copies_; }
  /// Who hears of every event.
  [[nodiscard]] const auto& observer() const noexcept { return observer_; }
  /// \overload
  [[nodiscard]] auto& observer() noexcept { return observer_; }

  /// Users of `page`.
  [[nodiscard]] std::uint32_t users(page_id page) const noexcept { return users_[to_index(page)]; }
  /// Sequences that have `page`.
  [[nodiscard]] std::uint32_t sequences(page_id page) const noexcept {
    return users(page) - (copies_.busy(page) ? 1 : 0);
  }
  /// Keepers of `page`.
  [[nodiscard]] std::uint32_t keepers(page_id page) const noexcept {
    return pool_.pins(page) - users(page);
  }
  /// The group that took `page` last.
  [[nodiscard]] std::size_t group(page_id page) const noexcept { return groups_[to_index(page)]; }

  /// Returns a free page with one user, for `group`. Precondition: `free() > 0`.
  [[nodiscard]] page_id take(std::size_t group) noexcept {
    const auto page = pool_.allocate();
    KVFOLIO_EXPECTS(page.has_value());
    users_[to_index(*page)] = 1;
    groups_[to_index(*page)] = static_cast<std::uint16_t>(group);
    return *page;
  }

  /// Adds a user. Precondition: `page` is not free.
  void use(page_id page) noexcept {
    pool_.pin(page);
    if (users_[to_index(page)]++ == 0) --cached_;
  }

  /// Drops a user; without users and keepers the page, which held what `history` says, is free.
  void end_use(page_id page, page_history history) noexcept {
    const bool last = pool_.unpin(page);
    if (--users_[to_index(page)] != 0) return;
    if (last) {
      pool_.release(page, history);
      notify(observer_, event::page_freed{page});
    } else {
      ++cached_;
    }
  }

  /// Adds a keeper. Precondition: `page` has a user.
  void keep(page_id page) noexcept {
    KVFOLIO_EXPECTS(users(page) != 0);
    pool_.pin(page);
  }

  /// Drops a keeper; without users and keepers the page is free.
  void end_keep(page_id page) noexcept {
    const bool last = pool_.unpin(page);
    if (last) {
      --cached_;
      pool_.release(page, page_history::committed);
      notify(observer_, event::page_evicted{page});
    } else if (keepers(page) == 0) {
      notify(observer_, event::page_withdrawn{page});
    }
  }

  /// Copies, now or later; until then the copy is a user of both pages. Precondition: both have
  /// users.
  void submit(const copy_op& op, const model::page_array& bytes, bool shared) noexcept {
    if constexpr (deferring_copy_backend<copies_type>) {
      if (!copies_.busy(op.source)) use(op.source);
      use(op.destination);
    }
    copies_.submit(op, bytes);
    notify(observer_, event::page_copied{op, shared});
  }

  /// The copies up to `ticket` have landed. O(copies).
  void complete(copy_ticket ticket) noexcept requires deferring_copy_backend<copies_type> {
    copies_.complete(ticket, [this](page_id page) noexcept { end_use(page, page_history::draft); });
  }

 private:
  pool_type pool_;
  [[no_unique_address]] copies_type copies_;
  [[no_unique_address]] typename Policies::observer observer_;
  std::vector<std::uint32_t> users_;   // by page
  std::vector<std::uint16_t> groups_;  // by page
  std::size_t cached_ = 0;
};

}  // namespace kvfolio
