// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <stdexcept>
#include <utility>

#include <kvfolio/cache_config.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/fit.hpp>
#include <kvfolio/memory/concept.hpp>
#include <kvfolio/model/page_layout.hpp>
#include <kvfolio/parked.hpp>
#include <kvfolio/parking.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/resuming.hpp>
#include <kvfolio/sequence.hpp>
#include <kvfolio/sequence_records.hpp>
#include <kvfolio/tier/concept.hpp>
#include <kvfolio/tier/page_transfer.hpp>
#include <kvfolio/tier/store.hpp>
#include <kvfolio/tier/with_store.hpp>

namespace kvfolio {

/// How sequences leave a cache and come back: the base of `Cache`, as large as the tier of its
/// policies.
///
/// What comes back is built of verbs: a sequence begins with the pages that are indexed, grows by
/// those that are missing, and commits what has landed. So a page in flight is a draft like any
/// other, and nothing on the way of those who never preempt knows of it.
template <class Cache, class Policies>
class cache_preemption {
 public:
  using tier_type = typename Policies::tier;  ///< decides what is stored, and where

  /// Takes `leaving` out of the pool, and lets the tier store what it does not want to recompute.
  /// O(pages and committed tokens), and the store; may allocate. A store that has no room is like
  /// one that loses what it has.
  ///
  /// Fails with `errc::in_flight` if a copy that has not landed touches a page that must be stored,
  /// and with `errc::out_of_memory`; then `leaving` is as it was. Empty after success.
  /// Precondition: it is neither empty nor reserved.
  [[nodiscard]] result<parked<Cache>> preempt(sequence<Cache>&& leaving) noexcept
      requires(!storing_tier<tier_type> || host_memory<typename Policies::memory>) {
    return preempt_from(0, std::move(leaving));
  }

  /// Takes the pages behind the first `keep` tokens of `from` out of the pool, as `preempt` would,
  /// and truncates it to these. What `resume` brings back is the whole sequence, another handle,
  /// which shares the pages that `from` has kept if they are indexed; `from` may be released then.
  /// Takes a row until it returns. O(pages and committed tokens), and the store.
  ///
  /// Fails as `preempt` does, and with `errc::too_many_sequences`; then nothing has changed.
  /// Precondition: `from` is neither empty nor reserved, and `keep <= from.length()`.
  [[nodiscard]] result<parked<Cache>> preempt_tail(sequence<Cache>& from, std::size_t keep) noexcept
      requires(!storing_tier<tier_type> || host_memory<typename Policies::memory>) {
    KVFOLIO_EXPECTS(keep <= from.length());
    auto whole = from.fork();
    if (!whole) return whole.error();
    auto left = preempt_from(keep / per_page(), *std::move(whole));
    if (left) from.truncate(keep);
    return left;
  }

  /// The same for engines that move the pages themselves, or meanwhile do something else: says what
  /// must be stored. The sequence keeps its pages until that has been done; see `parking`. O(pages
  /// and committed tokens). Fails with `errc::out_of_memory`.
  [[nodiscard]] result<parking<Cache>> preempt_later(sequence<Cache>&& leaving) noexcept {
    return park(0, std::move(leaving));
  }

  /// The tier, for what it knows.
  [[nodiscard]] const tier_type& tier() const noexcept { return tier_; }

 private:
  friend Cache;
  friend parked<Cache>;
  friend parking<Cache>;
  friend resuming<Cache>;

  static constexpr std::size_t batch = 16;               // pages that a store is asked for at once
  static constexpr std::uint64_t no_epoch = UINT64_MAX;  // in which nothing is indexed

  // What of a sequence is there when it comes back.
  struct outcome {
    std::size_t length = 0;
    std::size_t committed = 0;
    std::size_t compute_end = 0;  // up to here the engine must run it again
    std::size_t loaded_from = 0;  // page; it and what is stored after it are read
  };

  [[nodiscard]] result<parked<Cache>> preempt_from(std::size_t kept,
                                                   sequence<Cache>&& leaving) noexcept {
    auto begun = park(kept, std::move(leaving));
    if (!begun) return begun.error();
    for (std::size_t i = 0; i < begun->size(); ++i) {
      if (!resident().copies().busy((*begun)[i].page)) continue;
      leaving = std::move(*begun).cancel();
      return self().fail(errc::in_flight);
    }
    const auto stored = store(*begun);
    return std::move(*begun).finish(stored);
  }

  // Parks `leaving`, whose pages before page `kept` are not to be stored.
  [[nodiscard]] result<parking<Cache>> park(std::size_t kept, sequence<Cache>&& leaving) noexcept {
    const auto row = self().row_of(leaving);
    const auto& record = self().changing(row);
    parked<Cache> into{self()};
    into.record_ = record;
    if (!remember(row, record, into)) return self().fail(errc::out_of_memory);
    if constexpr (storing_tier<tier_type>) {
      const auto pages = tables().size(row);
      into.stored_.first = std::max(kept, first_stored(row, record.length));
      into.stored_.count = pages - into.stored_.first;
      into.stored_.number = tier_.number_pages(into.stored_.count);
    }
    return parking<Cache>{self(), std::move(leaving), std::move(into)};
  }

  cache_preemption(tier_type tier, [[maybe_unused]] const cache_config& config)
      : tier_{std::move(tier)} {
    if constexpr (storing_tier<tier_type>) {
      const model::page_layout layout{config.shape, config.tokens_per_page, config.order};
      if (tier_.store().page_bytes() != layout.bytes()) {
        throw std::invalid_argument(
            "kvfolio: the store of the tier keeps pages of another size; make it for those of the "
            "cache, of page_layout::bytes() bytes");
      }
    }
  }

  [[nodiscard]] Cache& self() noexcept { return static_cast<Cache&>(*this); }
  [[nodiscard]] const Cache& self() const noexcept { return static_cast<const Cache&>(*this); }
  [[nodiscard]] const auto& resident() const noexcept { return self().resident(); }
  [[nodiscard]] const auto& tables() const noexcept { return self().tables(); }
  [[nodiscard]] std::size_t per_page() const noexcept { return self().tokens_per_page(); }

  // Copies the committed tokens of `row`, if the index keeps them and will find them again.
  [[nodiscard]] bool remember(std::size_t row, const sequence_record& record,
                              parked<Cache>& into) const noexcept {
    if (!Policies::prefix_index::enabled || record.realm.epoch != self().epoch_) return true;
    try {
      into.tokens_.reserve(record.committed);
    } catch (const std::bad_alloc&) {
      return false;
    }
    for (std::size_t at = 0; at < record.committed; at += per_page()) {
      const auto held = resident().index().tokens(tables().at(row, at / per_page()));
      const auto wanted = std::min(per_page(), record.committed - at);
      if (held.size() < wanted) return into.tokens_.clear(), true;
      into.tokens_.insert(into.tokens_.end(), held.begin(),
                          held.begin() + static_cast<std::ptrdiff_t>(wanted));
    }
    return true;
  }

  // The page of `row` from which on the tier wants them stored.
  [[nodiscard]] std::size_t first_stored(std::size_t row, std::size_t length) const noexcept {
    const auto pages = tables().size(row);
    const auto usage = tier_.store().usage();
    departure leaving{.tokens = length,
                      .tokens_per_page = self().tokens_per_page(),
                      .page_bytes = self().layout().bytes(),
                      .free_bytes = usage.capacity - std::min(usage.bytes, usage.capacity)};
    for (std::size_t i = 0; i < pages; ++i) {
      const bool joins =
          i != 0 && to_index(tables().at(row, i)) == to_index(tables().at(row, i - 1)) + 1;
      leaving.copies += joins ? 0 : 1;
    }
    const auto recomputed = tier_.tokens_to_recompute(leaving);
    return recomputed >= length ? pages : static_cast<std::size_t>(recomputed) / per_page();
  }

  [[nodiscard]] tier::page_transfer transfer_of(const parked<Cache>& of,
                                                const sequence<Cache>& pages,
                                                std::size_t index) const noexcept {
    if constexpr (storing_tier<tier_type>) {
      return {pages.page_at(of.stored_.first + index), tier_.key_of(of.stored_.number + index)};
    } else {
      return {};
    }
  }

  // Stores the pages of `leaving`; returns how many of them, from the first on, are certain to be
  // there.
  [[nodiscard]] std::size_t store(const parking<Cache>& leaving) noexcept {
    std::size_t stored = 0;
    if constexpr (storing_tier<tier_type>) {
      std::array<tier::store_write, batch> writes{};
      while (stored < leaving.size()) {
        const auto count = std::min(batch, leaving.size() - stored);
        for (std::size_t i = 0; i < count; ++i) {
          const auto each = leaving[stored + i];
          writes[i] = {each.key, self().bytes(each.page)};
        }
        if (!tier_.store().put_many(std::span{writes}.first(count))) break;
        stored += count;
      }
    }
    return stored;
  }

  // Reads the pages of `back`; returns how many of them, from the first on, were there.
  [[nodiscard]] std::size_t read(const resuming<Cache>& back) noexcept {
    std::size_t landed = 0;
    if constexpr (storing_tier<tier_type>) {
      std::array<tier::store_read, batch> reads{};
      while (landed < back.size()) {
        const auto count = std::min(batch, back.size() - landed);
        for (std::size_t i = 0; i < count; ++i) {
          const auto each = back[landed + i];
          reads[i] = {each.key, self().bytes(each.page), false};
        }
        (void)tier_.store().get_many(std::span{reads}.first(count));
        for (std::size_t i = 0; i < count; ++i, ++landed) {
          if (!reads[i].hit) return landed;
        }
      }
    }
    return landed;
  }

  // Of what `of` planned to store, the first `count` pages are there.
  void keep_stored(parked<Cache>& of, std::size_t count) noexcept {
    KVFOLIO_EXPECTS(count <= of.stored_.count);
    forget_stored(of.stored_.number + count, of.stored_.count - count);
    of.stored_.count = count;
  }

  void forget_stored([[maybe_unused]] std::uint64_t number,
                     [[maybe_unused]] std::size_t count) noexcept {
    if constexpr (storing_tier<tier_type>) {
      for (; count != 0; --count, ++number) tier_.store().erase(tier_.key_of(number));
    }
  }

  // Where the sequence looks for its pages: with nothing stored, it begins anew.
  [[nodiscard]] prefix_realm realm_of(const parked<Cache>& of) const noexcept {
    auto realm = of.record_.realm;
    if (of.stored_.count == 0 || begins_anew(of)) realm.epoch = self().epoch_;
    return realm;
  }
  // KV of two epochs does not mix, unless a sequence did so while it lived.
  [[nodiscard]] bool begins_anew(const parked<Cache>& of) const noexcept {
    return of.stored_.first != 0 && of.record_.realm.epoch != self().epoch_;
  }

  [[nodiscard]] prefix_cursor match(const parked<Cache>& of,
                                    const prefix_realm& realm) const noexcept {
    if (realm.epoch != self().epoch_) return {};
    const auto most = std::min(
        {of.tokens_.size() / per_page(), self().matched_.size(), realm.identified() / per_page()});
    return resident().index().match(realm, of.tokens_, std::span{self().matched_}.first(most));
  }

  // What there will be if the first `hit` pages were found, and those that are stored are read up
  // to page `end`.
  [[nodiscard]] outcome foresee(const parked<Cache>& of, std::size_t hit,
                                std::size_t end) const noexcept {
    const auto& was = of.record_;
    const auto first = of.stored_.first;
    const auto found = hit * per_page();
    if (found >= was.length) return {was.length, was.committed, 0, of.stored_.end()};
    const bool whole = end * per_page() >= was.length;
    if (end > std::max(hit, first) && !begins_anew(of)) {
      if (hit >= first) {
        const auto length = std::min(was.length, end * per_page());
        return {length, std::min(was.committed, length), whole ? 0 : was.length, hit};
      }
      if (whole) return {was.length, found, first * per_page(), first};
    }
    return {found, found, was.length, of.stored_.end()};
  }

  // Ends the reading of the stored pages, of which those before place `landed` are there.
  void land(parked<Cache>& of, const sequence<Cache>& back, std::size_t landed) noexcept {
    const auto row = self().row_of(back);
    auto& record = self().records_[row];
    const auto found = record.committed;
    const auto hit = found / per_page();
    const auto first = of.stored_.first;
    const auto is = foresee(of, hit, first + landed);
    // The pages before what is stored stay: the engine may have begun to fill them.
    const auto length = hit < first ? std::min(record.length, first * per_page()) : is.length;
    if (is.length < record.length && length < record.length) {
      self().chains_.shrink(row, length / per_page(), found, found, record);
      record.length = length;
    }
    record.compute_end = is.compute_end;
    if (is.committed != found && of.tokens_.empty()) record.realm.epoch = no_epoch;
    if (is.committed != found && !of.tokens_.empty()) {
      const auto tokens = std::span{of.tokens_}.subspan(found, is.committed - found);
      self().chains_.note(row, found, tokens, record.realm, self().indexable(record), record);
    }
    record.committed = is.committed;
    of = {};
  }

  [[nodiscard]] fit probe_parked(const parked<Cache>& of) const noexcept {
    const auto at = match(of, realm_of(of));
    return {.hit_tokens = at.pages * per_page(),
            .pages_needed = ceil_div(of.record_.length, per_page()) - at.pages,
            .pages_obtainable = self().obtainable_beside(at)};
  }

  [[nodiscard]] result<sequence<Cache>> resume(parked<Cache>&& back) noexcept
      requires(!storing_tier<tier_type> || host_memory<typename Policies::memory>) {
    auto begun = resume_later(std::move(back));
    if (!begun) return begun.error();
    const auto landed = read(*begun);
    return std::move(*begun).finish(landed);
  }

  [[nodiscard]] result<resuming<Cache>> resume_later(parked<Cache>&& back) noexcept {
    const auto& was = back.record_;
    if (const auto error = self().check_length(0, was.length); error != errc{}) {
      return self().fail(error);
    }
    if (self().records_.full()) return self().fail(errc::too_many_sequences);
    const auto realm = realm_of(back);
    const auto at = match(back, realm);
    const auto will = foresee(back, at.pages, back.stored_.end());
    const auto pages = ceil_div(will.length, per_page()) - at.pages;
    if (pages > self().obtainable_beside(at) || !self().resident().has_run(pages)) {
      return self().fail(errc::out_of_pages);
    }
    const auto row = self().records_.take();
    auto& record = self().records_[row];
    record = was;
    record.realm = realm;
    self().chains_.begin(row, std::span{self().matched_}.first(at.pages), at, record);
    const auto found = at.pages * per_page();
    self().chains_.grow(row, found, found, {.pages = pages}, record);
    record.length = will.length;
    record.committed = found;
    record.compute_end = will.compute_end;
    const auto skipped = will.loaded_from - back.stored_.first;
    return resuming<Cache>{self(), std::move(back), self().hold(row), skipped};
  }

  [[no_unique_address]] tier_type tier_;
};

}  // namespace kvfolio
