// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/key_history.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Lets newcomers pass through a short queue, and keeps in an LRU list those that are wanted again
/// soon after they left it.
///
/// Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement
/// algorithm", VLDB 1994, the full version: a quarter of the pages for newcomers, and the keys of
/// those that left it remembered for half as many as there are pages. A use while a page is in the
/// queue counts for nothing.
///
/// Where the queue that should lose a page has no eligible one, the other does.
///
/// Models `eligibility_aware`: a touch is O(1) in the worst case and needs no hash table; `miss`
/// and `evict` are expected O(1), however many pages are pinned. Costs 27 bytes per page and up to
/// 40 for each remembered key, allocated once. One owner thread.
class two_q {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and remembers half as many
  /// keys. \throws std::bad_alloc
  explicit two_q(std::size_t pages) : two_q{pages, pages} {}

  /// Creates a policy that remembers at most `history` keys; of half of `pages` or more it is 2Q to
  /// the letter, and of fewer it forgets the oldest sooner. \throws std::bad_alloc
  two_q(std::size_t pages, std::size_t history)
      : resident_{pages},
        key_of_(pages),
        left_{std::min(history, pages / 2)},
        queue_pages_{pages / 4} {}

  /// Looks for the key among those that left the queue.
  void miss(const page_access& access) noexcept {
    incoming_ = arrival{access.key, queued};
    if (const auto slot = left_.find(access.key)) {
      incoming_->joins = wanted_again;
      left_.forget(*slot);
    }
  }

  /// Stops tracking the oldest eligible page of the queue, if that is too long, or else of the LRU
  /// list, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const bool queue_is_full = resident_.size(queued) > queue_pages_;
    auto from = queue_is_full ? queued : wanted_again;
    auto victim = resident_.take_oldest(from);
    if (!victim) {
      from = queue_is_full ? wanted_again : queued;
      victim = resident_.take_oldest(from);
    }
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    if (victim && from == queued) left_.remember(key_of_[to_index(*victim)]);
    return victim;
  }

  /// Starts tracking `page`, as the last in the queue, or in the LRU list if its key was
  /// remembered. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    if (!incoming_ || incoming_->key != access.key) miss(access);
    resident_.push_back(page, incoming_->joins);
    key_of_[to_index(page)] = access.key;
    incoming_.reset();
  }

  /// Makes `page` the youngest of the LRU list if it is there. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    if (resident_.list_of(page) == wanted_again) resident_.move_to_back(page);
  }

  /// Stops tracking `page`, and does not remember its key. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { resident_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { resident_.hide(page); }

  /// Considers `page` again, at its place. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { resident_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept {
    return resident_.size(queued) + resident_.size(wanted_again);
  }

 private:
  enum list : std::size_t { queued, wanted_again };  // A1in and Am of the paper

  struct arrival {
    content_key key;
    list joins;
  };

  recency_lists<2> resident_;
  std::vector<content_key> key_of_;  // by page
  key_history<> left_;               // A1out
  std::size_t queue_pages_;
  std::optional<arrival> incoming_;  // announced by the last miss
};

static_assert(eligibility_aware<two_q>);

}  // namespace kvfolio::eviction
