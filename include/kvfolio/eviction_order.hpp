// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/page_set.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/core/retention_range.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>
#include <kvfolio/sequence_records.hpp>

namespace kvfolio {

/// Which of the indexed pages leaves next: an eviction policy of any kind, told what it must know
/// and no more, and the set of the pages that may leave.
///
/// A policy that is `frontier_aware` hears only of the last page of each sequence; the others hear
/// of every page, under a key of its content that no two processes disagree about.
///
/// All operations are `noexcept`, O(1) and what the policy costs, and allocate nothing, except
/// construction. Costs one bit per page, and 8 bytes for policies that hear of every page. One
/// owner thread.
template <eviction_policy Policy>
class eviction_order {
 public:
  /// For pages `[0, pages)` of `tokens_per_page` tokens. \throws std::bad_alloc
  eviction_order(Policy policy, std::size_t pages, std::uint32_t tokens_per_page)
      : policy_{std::move(policy)},
        evictable_((pages + 63) / 64),
        keys_{hears_of_every_page ? pages : 0},
        tokens_per_page_{tokens_per_page} {}

  /// The policy.
  [[nodiscard]] const Policy& policy() const noexcept { return policy_; }
  /// Sets the logical time.
  void advance(std::uint64_t now) noexcept { now_ = now; }
  /// The logical time.
  [[nodiscard]] std::uint64_t now() const noexcept { return now_; }
  /// Number of pages that may leave.
  [[nodiscard]] std::size_t evictable() const noexcept { return evictable_count_; }
  /// May `page` leave?
  [[nodiscard]] bool is_evictable(page_id page) const noexcept {
    return page_set{evictable_}.contains(page);
  }

  /// `page`, which holds `tokens`, is indexed in `realm` after `at`, by `user`, and may not leave.
  void enter(const prefix_realm& realm, const prefix_cursor& at, page_id page,
             std::span<const token_id> tokens, const sequence_record& user) noexcept {
    if constexpr (hears_of_every_page) {
      const auto local = hash_.local(tokens);
      keys_[to_index(page)] = content_key{
          at.page ? hash_.chain(static_cast<std::uint64_t>(keys_[to_index(*at.page)]), local)
                  : hash_.chain(realm.words(), local)};
      const auto access = describe(page, at.pages, user);
      policy_.miss(access);
      policy_.insert(page, access);
      if constexpr (eligibility_aware<Policy>) policy_.suspend(page);
    }
  }

  /// A request hit `page`, which follows `depth` others. Deepest page first.
  void touch(page_id page, std::size_t depth, const sequence_record& user) noexcept {
    if constexpr (hears_of_every_page) policy_.touch(page, describe(page, depth, user));
  }

  /// A sequence whose indexed pages ended at `page` is gone.
  void leave(page_id page, const sequence_record& user) noexcept {
    if constexpr (!hears_of_every_page) {
      auto access = user.access(now_);
      access.access = ++accesses_;
      if (policy_.tracks(page)) {
        policy_.touch(page, access);
      } else {
        policy_.insert(page, access);
        if (!is_evictable(page)) policy_.suspend(page);
      }
    }
  }

  /// `page` may leave from now on. Precondition: it is indexed, and might not.
  void allow(page_id page) noexcept {
    set_evictable(page, true);
    if constexpr (frontier_aware<Policy>) {
      if (policy_.tracks(page)) {
        policy_.resume(page);
      } else {
        policy_.insert_oldest(page);
      }
    } else if constexpr (eligibility_aware<Policy>) {
      policy_.resume(page);
    }
  }

  /// `page` may not leave from now on. Precondition: it might.
  void forbid(page_id page) noexcept {
    set_evictable(page, false);
    if constexpr (eligibility_aware<Policy>) policy_.suspend(page);
  }

  /// `page`, which may not leave, is not indexed any more.
  void forget(page_id page) noexcept {
    if constexpr (frontier_aware<Policy>) {
      if (policy_.tracks(page)) policy_.erase(page);
    } else {
      policy_.erase(page);
    }
  }

  /// Chooses a page that may leave, for `user`; it is known no more. Precondition: there is one.
  [[nodiscard]] page_id evict(const sequence_record& user) noexcept {
    auto access = user.access(now_);
    access.access = accesses_;
    const auto victim = policy_.evict(access, page_set{evictable_});
    KVFOLIO_EXPECTS(victim && is_evictable(*victim));
    set_evictable(*victim, false);
    return *victim;
  }

 private:
  static constexpr bool hears_of_every_page = !frontier_aware<Policy>;

  [[nodiscard]] page_access describe(page_id page, std::size_t depth,
                                     const sequence_record& user) noexcept {
    auto access = user.access(now_);
    access.key = keys_[to_index(page)];
    access.access = ++accesses_;
    access.depth = static_cast<std::uint32_t>(depth);
    access.tokens = tokens_per_page_;
    access.hint = hint_at(user.ranges, depth * tokens_per_page_, now_, access.hint);
    access.request_pages = user.prompt_pages;
    access.seen_pages = user.hit_pages;
    return access;
  }

  void set_evictable(page_id page, bool evictable) noexcept {
    evictable_[to_index(page) / 64] ^= std::uint64_t{1} << (to_index(page) % 64);
    evictable_count_ += evictable ? 1 : SIZE_MAX;
  }

  [[no_unique_address]] Policy policy_;
  std::vector<std::uint64_t> evictable_;  // one bit a page
  raw_array<content_key> keys_;           // by page
  prefix::keyed_hash hash_{0};
  std::size_t evictable_count_ = 0;
  std::uint64_t accesses_ = 0;
  std::uint64_t now_ = 0;
  std::uint32_t tokens_per_page_;
};

}  // namespace kvfolio
