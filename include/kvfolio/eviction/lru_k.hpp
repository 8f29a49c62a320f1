// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/key_history.hpp>
#include <kvfolio/core/rank_order.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts the eligible page whose use before `K` - 1 others is longest ago, where pages of fewer
/// uses come first; of several, the one whose last use is longest ago.
///
/// O'Neil, O'Neil and Weikum, "The LRU-K page replacement algorithm for database disk buffering",
/// SIGMOD 1993, without a correlated reference period. Uses before a page left count too, as long
/// as its key is remembered. On conversations, `K` = 2 hits twice as often as LRU where pages are
/// few, and less often where they are many.
///
/// Models `eligibility_aware`: exact as long as nothing is forgotten; every operation is expected
/// O(log n) in the number of pages, and a touch needs no hash table. Costs 52 + 8 `K` bytes per
/// page and up to 52 + 8 `K` for each remembered key, allocated once. One owner thread.
template <std::size_t K = 2>
class lru_k {
  static_assert(K > 0);

 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and remembers the uses of
  /// eight times as many keys. \throws std::bad_alloc
  explicit lru_k(std::size_t pages) : lru_k{pages, 8 * pages} {}

  /// Creates a policy that remembers the uses of at most `history` keys that are not resident, and
  /// forgets those that left first first. \throws std::bad_alloc
  lru_k(std::size_t pages, std::size_t history)
      : order_{pages}, page_uses_(pages), left_{history}, left_uses_(history) {}

  /// Notes the use of a key that is not resident.
  void miss(const page_access& access) noexcept {
    if (incoming_) remember(*incoming_);  // it was announced, and did not arrive
    incoming_ = used_key{access.key, {}};
    if (const auto slot = left_.find(access.key)) {
      incoming_->uses = left_uses_[*slot];
      left_.forget(*slot);
    }
    note(incoming_->uses, access.access);
  }

  /// Stops tracking the first eligible page in that order, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const auto victim = order_.first();
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    if (victim) erase(*victim);
    return victim;
  }

  /// Starts tracking `page`. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    if (!incoming_ || incoming_->key != access.key) miss(access);
    page_uses_[to_index(page)] = *incoming_;
    order_.insert(page, standing_of(page));
    incoming_.reset();
  }

  /// Notes a use. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    note(page_uses_[to_index(page)].uses, access.access);
    order_.change(page, standing_of(page));
  }

  /// Stops tracking `page`, and remembers the uses of its key. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    order_.erase(page);
    remember(page_uses_[to_index(page)]);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { order_.hide(page); }

  /// Considers `page` again, at its age. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { order_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

 private:
  using times = std::array<std::uint64_t, K>;  // of the last uses, latest first; 0 for none

  struct used_key {
    content_key key{};
    times uses{};
  };

  struct standing {
    std::uint64_t kth_use = 0;
    std::uint64_t last_use = 0;
    friend bool operator<(const standing& one, const standing& other) noexcept {
      return one.kth_use != other.kth_use ? one.kth_use < other.kth_use
                                          : one.last_use < other.last_use;
    }
  };

  [[nodiscard]] standing standing_of(page_id page) const noexcept {
    const auto& uses = page_uses_[to_index(page)].uses;
    return {uses.back(), uses.front()};
  }

  static void note(times& uses, std::uint64_t now) noexcept {
    std::copy_backward(uses.begin(), uses.end() - 1, uses.end());
    uses.front() = now;
  }

  void remember(const used_key& used) noexcept {
    if (const auto slot = left_.remember(used.key)) left_uses_[*slot] = used.uses;
  }

  rank_order<standing> order_;
  std::vector<used_key> page_uses_;  // by page
  key_history<> left_;
  std::vector<times> left_uses_;      // by slot of left_
  std::optional<used_key> incoming_;  // announced by the last miss
};

static_assert(eligibility_aware<lru_k<>>);

}  // namespace kvfolio::eviction
