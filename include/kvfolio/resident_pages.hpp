// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <kvfolio/cache_parts.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/eviction_order.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/pages_in_use.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/prefix/revocable.hpp>
#include <kvfolio/sequence_records.hpp>

namespace kvfolio {

/// The pages of a pool, of which some outlive their users: an indexed page that nobody pins is
/// *cached*, until somebody finds it, or it is evicted to make room.
///
/// An indexed page holds a pin of its parent. So a page has pins as long as a sequence or an
/// indexed child needs it, and may be evicted iff it is indexed and has none: leaves go first,
/// whatever the eviction policy says, and what is evictable is known without a search.
///
/// All operations are `noexcept` and allocate nothing, except construction; O(1), and what the
/// policies cost, but where another bound is named. One owner thread.
template <policy_bundle Policies>
class resident_pages {
 public:
  using eviction = typename Policies::eviction;          ///< who leaves
  using prefix_index = typename Policies::prefix_index;  ///< how pages are found again

  /// Makes a pool of free pages, of which none is indexed. \throws std::bad_alloc
  resident_pages(cache_parts<Policies>&& parts, std::size_t bound, std::uint32_t tokens_per_page)
      : pool_{std::move(parts.pages), bound},
        index_{std::move(parts.index)},
        order_{std::move(parts.ordering), bound, tokens_per_page},
        copies_{std::move(parts.copies)},
        observer_{std::move(parts.observer)},
        in_use_{prefix_index::enabled ? bound : 0} {}

  /// The pages and their pins.
  [[nodiscard]] const auto& pool() const noexcept { return pool_; }
  /// What is indexed.
  [[nodiscard]] const prefix_index& index() const noexcept { return index_; }
  /// \overload
  [[nodiscard]] prefix_index& index() noexcept { return index_; }
  /// Who leaves.
  [[nodiscard]] const eviction& ordering() const noexcept { return order_.policy(); }
  /// Who carries out the copies.
  [[nodiscard]] const auto& copies() const noexcept { return copies_; }
  /// \overload
  [[nodiscard]] auto& copies() noexcept { return copies_; }
  /// Pages that are not indexed and have no pins, and that only copies in flight still use.
  [[nodiscard]] std::size_t landing() const noexcept { return landing_; }
  /// Who hears of every event.
  [[nodiscard]] auto& observer() noexcept { return observer_; }
  /// \overload
  [[nodiscard]] const auto& observer() const noexcept { return observer_; }

  /// Free pages that nobody has set aside.
  [[nodiscard]] std::size_t at_hand() const noexcept { return pool_.free() - set_aside_; }
  /// Free pages that are set aside.
  [[nodiscard]] std::size_t set_aside() const noexcept { return set_aside_; }
  /// Pages that are cached: all that could be evicted, one after the other. Amortized O(1): looks
  /// once at each page that was cached, or was not any more, since it was last asked.
  [[nodiscard]] std::size_t cached() const noexcept {
    settle();
    return index_.size() - in_use_.size();
  }
  /// Is the indexed `page` cached? Amortized O(1), likewise.
  [[nodiscard]] bool is_cached(page_id page) const noexcept {
    settle();
    return !in_use_.contains(page);
  }
  /// Pages that may be evicted now; evicting them makes room for their parents to follow.
  [[nodiscard]] std::size_t evictable() const noexcept { return order_.evictable(); }
  /// May `page` be evicted now?
  [[nodiscard]] bool is_evictable(page_id page) const noexcept { return order_.is_evictable(page); }

  /// Can `pages` pages be had? Amortized O(1); O(1) if one page is all, or so many may be evicted.
  [[nodiscard]] bool obtainable(std::size_t pages) const noexcept {
    return pages <= at_hand() + evictable() || pages <= at_hand() + cached();
  }

  /// Sets the logical time.
  void advance(std::uint64_t now) noexcept { order_.advance(now); }
  /// The logical time.
  [[nodiscard]] std::uint64_t now() const noexcept { return order_.now(); }

  /// Returns a page with one pin, evicting if no free one is at hand. Precondition: one can be had.
  [[nodiscard]] page_id take(const sequence_record& user) noexcept {
    auto page = std::optional<page_id>{};
    if (at_hand() != 0) {
      page = pool_.allocate();
    } else {
      page = evict(user);
      if constexpr (supervising_allocator<typename Policies::page_allocator>) {
        pool_.release(*page, page_history::committed);
        page = pool_.allocate();
      } else {
        pool_.revive(*page);
      }
    }
    KVFOLIO_EXPECTS(page.has_value());
    return *page;
  }

  /// Returns a page with one pin that begins with the first tokens of the indexed `hit.page`: a
  /// copy of them or, if the index may cut it and nobody needs it, that page. None if there is no
  /// page to be had. Precondition: `hit.page` follows `depth` pages, of which the last is in use.
  [[nodiscard]] std::optional<page_id> take_beginning(const partial_hit& hit, std::size_t depth,
                                                      const model::page_array& bytes,
                                                      const sequence_record& user) noexcept {
    const auto source = *hit.page;
    const bool unused = is_evictable(source);
    pin(source);  // so that it does not leave to make room for its copy
    if (unused && prefix_index::takes_unused) {
      withdraw(source, std::nullopt);
      return source;
    }
    auto page = std::optional<page_id>{};
    if (obtainable(1)) {
      page = take(user);
      submit({source, *page, 0, hit.tokens}, bytes, false);
      index_.copy_note(source, *page, hit.tokens);
      touch(source, depth, user);
      leave(source, user);
    }
    unpin(source);
    return page;
  }

  /// Returns so many consecutive pages with one pin each, if the bundle wants such and there are.
  [[nodiscard]] std::optional<page_run> take_run(std::size_t pages) noexcept {
    if constexpr (Policies::reservation::contiguous) {
      if (pages != 0) return pool_.allocate_run(static_cast<std::uint32_t>(pages));
    }
    return std::nullopt;
  }
  /// Are there as many consecutive pages, if the bundle wants such?
  [[nodiscard]] bool has_run(std::size_t pages) noexcept {
    if constexpr (Policies::reservation::contiguous) {
      return pages == 0 || pool_.has_run(static_cast<std::uint32_t>(pages));
    }
    return true;
  }

  /// Grows or shrinks the pool to the pages below `last`, or returns `errc::in_use` and changes
  /// nothing. Precondition: none of the pages above is cached. \throws std::bad_alloc
  [[nodiscard]] result<void> resize(page_id last) { return pool_.resize(last); }

  /// Sets `pages` free pages aside, evicting as many as it must. Precondition: they can be had.
  void set_aside(std::size_t pages, const sequence_record& user) noexcept {
    while (at_hand() < pages) evict_one(user);
    set_aside_ += pages;
  }
  /// Ends that. Precondition: so many are set aside.
  void put_back(std::size_t pages) noexcept { set_aside_ -= pages; }

  /// Adds a pin to a page in use, or to a cached one, which is in use then, with all before it.
  void pin(page_id page) noexcept {
    if (pool_.idle(page)) {
      pool_.revive(page);
      if (is_evictable(page)) order_.forbid(page);
    } else {
      pool_.pin(page);
    }
    gain(page);
  }

  /// Adds a pin to a page in use.
  void pin_again(page_id page) noexcept { pool_.pin(page); }

  /// Drops a pin that is not the last one, and says whether it did.
  [[nodiscard]] bool unpin_again(page_id page) noexcept {
    if (pool_.unique(page)) return false;
    (void)pool_.unpin(page);
    lose(page);
    return true;
  }

  /// Drops a pin, and says whether the page is gone: nobody needs it, and it is not indexed. An
  /// indexed page that nobody pins is cached from now on.
  bool unpin(page_id page, page_history history = page_history::draft) noexcept {
    const bool last = pool_.unpin(page);
    if (index_.contains(page)) {
      end_use(page);
      return false;
    }
    if (!last) return false;
    if (copies_.busy(page)) {
      ++landing_;
    } else {
      pool_.release(page, history);
    }
    notify(observer_, event::page_freed{page});
    return true;
  }

  /// Copies, now or later: then both pages are in use until the copy has landed. Precondition: they
  /// have pins.
  void submit(const copy_op& op, const model::page_array& bytes, bool shared) noexcept {
    copies_.submit(op, bytes);
    notify(observer_, event::page_copied{op, shared});
  }

  /// The copies up to `ticket` have landed: frees the pages that only they needed, as drafts, and
  /// lets those that are cached be evicted. O(copies).
  void complete(copy_ticket ticket) noexcept {
    copies_.complete(ticket, [this](page_id page) noexcept {
      if (index_.contains(page)) {
        end_use(page);
        return;
      }
      if (!pool_.idle(page)) return;
      --landing_;
      pool_.release(page, page_history::draft);
    });
  }

  /// Indexes `page`, which follows `at`, unless an equal page is there; returns where it is.
  /// A page that is indexed now holds its parent, unless it did already, as `held` says.
  prefix_cursor extend(const prefix_realm& realm, const prefix_cursor& at, page_id page,
                       std::optional<page_id> held, const sequence_record& user) noexcept {
    const bool was_there = index_.contains(page);
    const auto found = index_.extend(realm, at, page);
    if constexpr (revocable_prefix_index<prefix_index>) {
      index_.use(*found.page, realm.scope, user.session);
    }
    if (was_there || found.page != page) return found;
    if (at.page && at.page != held) pin(*at.page);
    in_use_.enter(page);
    order_.enter(realm, at, page, index_.tokens(page), user);
    notify(observer_,
           event::page_indexed{page, at.page, index_.tokens(page), realm.words(), realm.media});
    return found;
  }

  /// Takes `page` out of the index, and lets go of its parent unless that is `held` by other means.
  /// Precondition: it is indexed, has a pin, and is no indexed page's parent.
  void withdraw(page_id page, std::optional<page_id> held) noexcept {
    const auto parent = index_.parent(page);
    order_.forget(page);
    index_.erase(page);
    if (!in_use_.leave(page, parent) && parent) gain(*parent);
    notify(observer_, event::page_withdrawn{page});
    if (parent && parent != held) unpin(*parent);
  }

  /// A request hit `page`. For policies that hear of every page; deepest page first.
  void touch(page_id page, std::size_t depth, const sequence_record& user) noexcept {
    order_.touch(page, depth, user);
  }

  /// A sequence whose indexed pages ended at `page` is gone. For policies that hear of no other
  /// page.
  void leave(page_id page, const sequence_record& user) noexcept { order_.leave(page, user); }

  /// Evicts one page, which is free then, and returns it. Precondition: `evictable() > 0`.
  page_id evict_one(const sequence_record& user) noexcept {
    const auto victim = evict(user);
    pool_.release(victim, page_history::committed);
    return victim;
  }

  /// Evicts one page, which is nobody's then. Precondition: `evictable() > 0`.
  [[nodiscard]] page_id evict(const sequence_record& user) noexcept {
    const auto victim = order_.evict(user);
    const auto parent = index_.parent(victim);
    index_.erase(victim);
    notify(observer_, event::page_evicted{victim});
    const bool was_counted = in_use_.leave(victim, parent);
    if (parent && pool_.unpin(*parent) && !copies_.busy(*parent)) order_.allow(*parent);
    if (parent && was_counted) in_use_.doubt(*parent);
    return victim;
  }

 private:
  using copies_type = typename Policies::copies;

  // Somebody needs `page`, who did not before.
  void gain(page_id page) noexcept {
    if constexpr (prefix_index::enabled) {
      if (index_.contains(page) && !in_use_.contains(page)) in_use_.doubt(page);
    }
  }

  // Somebody does not need `page`, who did before.
  void lose(page_id page) noexcept {
    if constexpr (prefix_index::enabled) {
      if (in_use_.contains(page) && !is_in_use(page)) in_use_.doubt(page);
    }
  }

  // Does anybody need the indexed `page`, but children that count as cached? False for others.
  [[nodiscard]] bool is_in_use(page_id page) const noexcept {
    return index_.contains(page) &&
           (pool_.pins(page) > in_use_.idle_children(page) || copies_.busy(page));
  }

  void settle() const noexcept {
    in_use_.settle([this](page_id page) { return is_in_use(page); },
                   [this](page_id page) { return index_.parent(page); });
  }

  // An indexed page lost a pin, or a copy that touched it has landed.
  void end_use(page_id page) noexcept {
    if (pool_.idle(page) && !copies_.busy(page)) order_.allow(page);
    lose(page);
  }

  page_pool<typename Policies::page_allocator, typename Policies::refcount> pool_;
  [[no_unique_address]] prefix_index index_;
  eviction_order<eviction> order_;
  [[no_unique_address]] typename Policies::copies copies_;
  [[no_unique_address]] typename Policies::observer observer_;
  mutable pages_in_use in_use_;  // that are indexed; brought up to date when asked
  std::size_t set_aside_ = 0;
  std::size_t landing_ = 0;
};

}  // namespace kvfolio
