// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts in order of arrival from where it stopped last time, and spares each page that was
/// touched since it last came by.
///
/// Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU", NSDI 2024, section 3.
/// Unlike CLOCK it leaves a spared page in its place, so that newcomers are judged early: right for
/// the one-hit wonders of the web, wrong for conversations, whose pages come back after a while.
///
/// Models `eligibility_aware`: `evict` looks at no ineligible page. It spares up to as many pages
/// as there are, but each is paid for by a touch since the last time: amortised O(1), and exact.
/// All else is O(1) in the worst case. Costs 17 bytes per page, allocated once. One owner thread.
class sieve {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them. \throws std::bad_alloc
  explicit sieve(std::size_t pages) : queue_{pages}, visited_{pages} {}

  /// Does nothing: SIEVE remembers no page that left.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking the first eligible page from the hand on that is not visited, and returns it.
  /// The pages before it are visited no longer, and the hand stays after it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    auto page = eligible_from(hand_);
    if (!page) return std::nullopt;
    KVFOLIO_EXPECTS(eligible.contains(*page));
    while (visited_.contains(to_index(*page))) {
      visited_.erase(to_index(*page));
      page = eligible_from(queue_.next(*page));
    }
    hand_ = page;
    erase(*page);
    return page;
  }

  /// Starts tracking `page`, as the youngest and not visited. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& /*access*/) noexcept {
    queue_.push_back(page);
    visited_.erase(to_index(page));
  }

  /// Marks `page` as visited. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    KVFOLIO_EXPECTS(queue_.contains(page));
    visited_.insert(to_index(page));
  }

  /// Stops tracking `page`; a hand that stood there goes on. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    if (hand_ == page) hand_ = queue_.next(page);
    queue_.erase(page);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { queue_.hide(page); }

  /// Considers `page` again, with its place and its bit. Precondition: `page` is tracked and
  /// suspended.
  void resume(page_id page) noexcept { queue_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return queue_.size(); }

 private:
  // The first eligible page from `start` on, and from the oldest on after the youngest.
  [[nodiscard]] std::optional<page_id> eligible_from(std::optional<page_id> start) const noexcept {
    const auto found = start ? queue_.oldest_from(*start) : std::nullopt;
    return found ? found : queue_.oldest();
  }

  recency_lists<1, true> queue_;
  bitmap visited_;
  std::optional<page_id> hand_;  // none: the oldest, whichever that will be
};

static_assert(eligibility_aware<sieve>);

}  // namespace kvfolio::eviction
