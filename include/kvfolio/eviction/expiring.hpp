// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <kvfolio/core/rank_order.hpp>
#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/eviction/withholding.hpp>

namespace kvfolio::eviction {

/// Any policy, but that pages whose hint names a time are kept until then, and leave before all
/// others afterwards.
///
/// A time to live, renewed by each use: `keep_until` of the last access counts, in the caller's
/// logical time, and an access without one ends it. What has expired leaves in the order of its
/// expiry; then the policy chooses among the pages without a wish; and when there is none, the page
/// leaves that would expire first: requests go before wishes.
///
/// Models `eligibility_aware`: adds O(log n) in the number of pages with a wish to the operations
/// that concern one, O(1) to the others, and 45 bytes per page to what `Policy` costs, allocated
/// once. One owner thread.
template <eviction_policy Policy>
class expiring {
 public:
  /// Adapts a policy made for pages `[0, pages)`. \throws std::bad_alloc
  explicit expiring(std::size_t pages) : expiring{pages, Policy(pages)} {}
  /// Adapts `policy`, which was made for `pages` pages and tracks none. \throws std::bad_alloc
  expiring(std::size_t pages, Policy policy) : others_{pages, std::move(policy)}, kept_{pages} {}

  /// Tells the policy.
  void miss(const page_access& access) noexcept { others_.miss(access); }

  /// Stops tracking an eligible page, and returns it: one that has expired, or one without a wish,
  /// or the one that expires first.
  [[nodiscard]] std::optional<page_id> evict(const page_access& access,
                                             page_set eligible) noexcept {
    const auto first = kept_.first();
    if (!first || kept_.rank_of(*first).end > access.now) {
      if (const auto victim = others_.evict(access, eligible)) return victim;
    }
    if (first) erase(*first);
    return first;
  }

  /// Starts tracking `page`, with the wish of its hint. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    others_.insert(page, access);
    heed(page, access);
  }

  /// Notes a use, and the wish of its hint. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    others_.touch(page, access);
    heed(page, access);
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    if (kept_.contains(page)) kept_.erase(page);
    others_.erase(page);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept {
    others_.suspend(page);
    if (kept_.contains(page)) kept_.hide(page);
  }

  /// Considers `page` again. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept {
    others_.resume(page);
    if (kept_.contains(page)) kept_.show(page);
  }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return others_.size(); }
  /// Number of pages with a wish, expired or not.
  [[nodiscard]] std::size_t wishes() const noexcept { return kept_.size(); }

 private:
  struct wish {
    std::uint64_t end = 0;
    std::uint64_t last_use = 0;
    friend bool operator<(const wish& one, const wish& other) noexcept {
      return one.end != other.end ? one.end < other.end : one.last_use < other.last_use;
    }
  };

  void heed(page_id page, const page_access& access) noexcept {
    const wish wanted{access.hint.keep_until, access.access};
    const bool had_wish = kept_.contains(page);
    if (wanted.end == 0) {
      if (!had_wish) return;
      kept_.erase(page);
      others_.offer(page);
    } else if (had_wish) {
      kept_.change(page, wanted);
    } else {
      others_.is_suspended(page) ? kept_.insert_hidden(page, wanted) : kept_.insert(page, wanted);
      others_.withhold(page);
    }
  }

  withholding<Policy> others_;
  rank_order<wish> kept_;
};

}  // namespace kvfolio::eviction
