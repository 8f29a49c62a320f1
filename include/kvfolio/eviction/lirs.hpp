// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/key_history.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Keeps the pages that came back after the fewest others in between, and lets the rest pass
/// through a queue of 1 % of the pages.
///
/// Jiang and Zhang, "LIRS: an efficient low inter-reference recency set replacement policy",
/// SIGMETRICS 2002. A page is *close* (LIR in the paper) or *queued* (HIR). A queued page, or a key
/// that left, which is used again since the oldest close page was used, becomes close, and that
/// oldest one is queued. The paper's stack is never built: a page is in it iff its last use is
/// after that of the oldest close page.
///
/// Where no queued page is eligible, the oldest close one that is leaves.
///
/// Models `eligibility_aware`: a touch is O(1) in the worst case and needs no hash table; `miss`
/// and `evict` are expected O(1), however many pages are pinned. Costs 36 bytes per page and up to
/// 60 for each remembered key, allocated once. One owner thread.
class lirs {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and remembers twice as many
  /// keys. \throws std::bad_alloc
  explicit lirs(std::size_t pages) : lirs{pages, 2 * pages} {}

  /// Creates a policy that remembers at most `history` keys, and forgets those that left first
  /// first; the paper's stack has no bound. \throws std::bad_alloc
  lirs(std::size_t pages, std::size_t history)
      : resident_{pages},
        pages_(pages),
        left_{history},
        left_at_(history),
        close_pages_{pages - std::min(pages, std::max<std::size_t>(1, pages / 100))} {}

  /// Looks for the key among those that left.
  void miss(const page_access& access) noexcept {
    incoming_ = arrival{access.key, false};
    if (const auto slot = left_.find(access.key)) {
      incoming_->comes_back = is_recent(left_at_[*slot]);
      left_.forget(*slot);
    }
  }

  /// Stops tracking the eligible page that was queued first, or else the oldest close one, and
  /// returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    auto victim = resident_.take_oldest(queued);
    if (!victim) victim = resident_.take_oldest(close);
    if (!victim) return std::nullopt;
    KVFOLIO_EXPECTS(eligible.contains(*victim));
    const auto& page = pages_[to_index(*victim)];
    if (is_recent(page.last_use)) {
      if (const auto slot = left_.remember(page.key)) left_at_[*slot] = page.last_use;
    }
    return victim;
  }

  /// Starts tracking `page`: as close if its key comes back, or while there are too few, and else
  /// as the last in the queue. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    if (!incoming_ || incoming_->key != access.key) miss(access);
    pages_[to_index(page)] = {access.key, access.access};
    const bool joins = incoming_->comes_back || resident_.size(close) < close_pages_;
    resident_.push_back(page, joins && close_pages_ > 0 ? close : queued);
    shrink();
    incoming_.reset();
  }

  /// Makes `page` the youngest: close if it was or comes back, and else queued. Precondition:
  /// `page` is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    auto& last_use = pages_[to_index(page)].last_use;
    const bool stays = resident_.list_of(page) == close || is_recent(last_use);
    last_use = access.access;
    resident_.move_to_back(page, stays ? close : queued);
    shrink();
  }

  /// Stops tracking `page`, and does not remember its key. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { resident_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { resident_.hide(page); }

  /// Considers `page` again, at its place. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { resident_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept {
    return resident_.size(close) + resident_.size(queued);
  }

 private:
  enum list : std::size_t { close, queued };

  struct used_key {
    content_key key{};
    std::uint64_t last_use = 0;
  };
  struct arrival {
    content_key key;
    bool comes_back;
  };

  // Is that after the last use of the oldest close page?
  [[nodiscard]] bool is_recent(std::uint64_t last_use) const noexcept {
    const auto oldest = resident_.oldest_of_all(close);
    return oldest && last_use > pages_[to_index(*oldest)].last_use;
  }

  // Queues the oldest close page if there is one too many.
  void shrink() noexcept {
    if (resident_.size(close) <= close_pages_) return;
    resident_.move_to_back(*resident_.oldest_of_all(close), queued);
  }

  recency_lists<2, true> resident_;
  std::vector<used_key> pages_;
  key_history<> left_;
  std::vector<std::uint64_t> left_at_;  // last use, by slot of left_
  std::size_t close_pages_;
  std::optional<arrival> incoming_;  // announced by the last miss
};

static_assert(eligibility_aware<lirs>);

}  // namespace kvfolio::eviction
