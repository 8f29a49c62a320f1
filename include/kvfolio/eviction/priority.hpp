// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/rank_order.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts the eligible page of the lowest priority, and of several the one used longest ago.
///
/// TensorRT-LLM's retention (`KvCacheRetentionConfig`): the hint of a page's last access gives it a
/// priority from 0 to 100, and may say until when, from where on it has the priority of those
/// without a wish. `request_options::ranges` gives ranges of tokens priorities
/// of their own. Whoever gives no hints has LRU.
///
/// A priority ends exactly when it should: at the first decision at or after that time, the page
/// stands where it would be if it never had another, in the order of last use.
///
/// Models `eligibility_aware`: exact; every operation is O(log n) in the number of pages, amortised
/// over the accesses whose priorities end, however many are pinned. Costs 72 bytes per page,
/// allocated once. One owner thread.
class priority {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, where `usual` is what a
  /// priority becomes when its time is over. \throws std::bad_alloc
  explicit priority(std::size_t pages, std::uint8_t usual = retention_hint{}.priority)
      : order_{pages}, ends_{pages}, usual_{usual} {}

  /// Does nothing: no page that left is remembered.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the oldest eligible page of the lowest priority, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& access,
                                             [[maybe_unused]] page_set eligible) noexcept {
    end_priorities(access.now);
    const auto victim = order_.first();
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    if (victim) erase(*victim);
    return victim;
  }

  /// Starts tracking `page`, with the priority of its hint. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    order_.insert(page, {access.hint.priority, access.access});
    note_end(page, access.hint);
  }

  /// Makes `page` the youngest of the priority that this access gives it. Precondition: `page` is
  /// tracked.
  void touch(page_id page, const page_access& access) noexcept {
    order_.change(page, {access.hint.priority, access.access});
    if (ends_.contains(page)) ends_.erase(page);
    note_end(page, access.hint);
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    order_.erase(page);
    if (ends_.contains(page)) ends_.erase(page);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { order_.hide(page); }

  /// Considers `page` again, with its priority. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { order_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

 private:
  struct standing {
    std::uint8_t priority = 0;
    std::uint64_t last_use = 0;
    friend bool operator<(const standing& one, const standing& other) noexcept {
      return one.priority != other.priority ? one.priority < other.priority
                                            : one.last_use < other.last_use;
    }
  };

  void note_end(page_id page, const retention_hint& hint) noexcept {
    if (hint.keep_until != 0 && hint.priority != usual_) ends_.insert(page, hint.keep_until);
  }

  void end_priorities(std::uint64_t now) noexcept {
    for (auto page = ends_.first(); page && ends_.rank_of(*page) <= now; page = ends_.first()) {
      ends_.erase(*page);
      order_.change(*page, {usual_, order_.rank_of(*page).last_use});
    }
  }

  rank_order<standing> order_;
  rank_order<std::uint64_t> ends_;  // of priorities that do not last, by when they end
  std::uint8_t usual_;
};

static_assert(eligibility_aware<priority>);

}  // namespace kvfolio::eviction
