// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include <kvfolio/core/key_history.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Divides the pages between those used once lately and those used again, and moves the division
/// towards the list whose pages prove to have left too early.
///
/// Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003, figure 4.
/// The keys of pages that left are remembered in two lists; a miss on one of them moves the target
/// size of the list that lost it. On conversations it hits more often than LRU where pages are few,
/// and less often where they are many.
///
/// Where a list has no eligible page, the other one loses a page, to its own memory of those that
/// left. The cache counts as full whenever `evict` is called.
///
/// Models `eligibility_aware`: a touch is O(1) in the worst case and needs no hash table; `miss`
/// and `evict` are expected O(1), however many pages are pinned. Costs 26 bytes per page and up to
/// 40 for each remembered key, allocated once. One owner thread.
class arc {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and remembers as many keys
  /// as ARC can ever make use of. \throws std::bad_alloc
  explicit arc(std::size_t pages) : arc{pages, 2 * pages} {}

  /// Creates a policy that remembers at most `history` keys; of 2 * `pages` or more it is ARC to
  /// the letter, and of fewer it forgets the oldest first. \throws std::bad_alloc
  arc(std::size_t pages, std::size_t history)
      : resident_{pages},
        key_of_(pages),
        left_{std::min(history, 2 * pages), pages},
        pages_{static_cast<double>(pages)} {}

  /// Looks for the key among those that left, and moves the target if it is there.
  void miss(const page_access& access) noexcept {
    incoming_ = arrival{access.key, newcomer};
    const auto slot = left_.find(access.key);
    if (!slot) return;
    incoming_->left = left_.list_of(*slot);
    const auto once = static_cast<double>(left_.size(used_once));
    const auto again = static_cast<double>(left_.size(used_again));
    if (incoming_->left == used_once) {
      target_ = std::min(target_ + std::max(again / once, 1.0), pages_);
    } else {
      target_ = std::max(target_ - std::max(once / again, 1.0), 0.0);
    }
    left_.forget(*slot);
  }

  /// Stops tracking the oldest eligible page of the list that exceeds its share, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& access,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const auto from = left_of(access);
    const auto due = upkeep_for(from);
    auto shrinks = !due.remembers || exceeds_share(from) ? used_once : used_again;
    auto victim = resident_.take_oldest(shrinks);
    if (!victim) {
      shrinks = shrinks == used_once ? used_again : used_once;
      victim = resident_.take_oldest(shrinks);
    }
    if (!victim) return std::nullopt;
    KVFOLIO_EXPECTS(eligible.contains(*victim));
    if (due.forgets) left_.forget_oldest(*due.forgets);
    if (due.remembers || shrinks == used_again) {
      left_.remember(key_of_[to_index(*victim)], shrinks);
    }
    return victim;
  }

  /// Starts tracking `page`, as used once unless its key was remembered. Precondition: `page` is
  /// untracked.
  void insert(page_id page, const page_access& access) noexcept {
    if (!incoming_ || incoming_->key != access.key) miss(access);
    resident_.push_back(page, incoming_->left == newcomer ? used_once : used_again);
    key_of_[to_index(page)] = access.key;
    incoming_.reset();
  }

  /// Makes `page` the youngest of those used again. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    resident_.move_to_back(page, used_again);
  }

  /// Stops tracking `page`, and does not remember its key. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { resident_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { resident_.hide(page); }

  /// Considers `page` again, at its age. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { resident_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept {
    return resident_.size(used_once) + resident_.size(used_again);
  }

  /// Number of pages that those used once are to have.
  [[nodiscard]] double target() const noexcept { return target_; }

 private:
  // T1 and T2 of the paper among the resident, B1 and B2 among those that left.
  enum list : std::size_t { used_once, used_again, newcomer };

  struct arrival {
    content_key key;
    std::size_t left;  // the list that remembered the key
  };

  // The list that remembered the key of `access` at its miss.
  [[nodiscard]] std::size_t left_of(const page_access& access) const noexcept {
    return incoming_ && incoming_->key == access.key ? incoming_->left : newcomer;
  }

  // What an eviction does to the keys that left: is the oldest of a list forgotten, and the victim
  // remembered, if it was used once?
  struct upkeep {
    std::optional<list> forgets;
    bool remembers = true;
  };
  [[nodiscard]] upkeep upkeep_for(std::size_t from) const noexcept {
    if (from != newcomer) return {};
    const auto all = static_cast<std::size_t>(pages_);
    if (resident_.size(used_once) + left_.size(used_once) + 1 > all) {
      if (left_.size(used_once) == 0) return {std::nullopt, false};
      return {used_once, true};
    }
    if (size() + left_.size(used_once) + left_.size(used_again) >= 2 * all) {
      return {used_again, true};
    }
    return {};
  }

  // Is a page used once to leave, and not one used again?
  [[nodiscard]] bool exceeds_share(std::size_t from) const noexcept {
    const auto once = static_cast<double>(resident_.size(used_once));
    return once > target_ || (once == target_ && from == used_again);
  }

  recency_lists<2> resident_;
  std::vector<content_key> key_of_;  // by page
  key_history<2> left_;
  double pages_;
  double target_ = 0;
  std::optional<arrival> incoming_;  // announced by the last miss
};

static_assert(eligibility_aware<arc>);

}  // namespace kvfolio::eviction
