// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <kvfolio/core/recency_order.hpp>
#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/eviction/withholding.hpp>

namespace kvfolio::eviction {

/// Any policy, but that pages whose hint has priority 100 are kept, up to a number of them.
///
/// A page is pinned by the access whose hint says so, if fewer than the cap are, and unpinned by
/// the next one whose hint does not; who finds no room is a page as any other until it is used
/// again. So a tenant who pins everything cannot take the pool. When only pinned pages are
/// eligible, the one used longest ago leaves: requests go before pins, as in Mooncake's store,
/// whose soft pins go last (Qin et al., FAST 2025).
///
/// Models `eligibility_aware`: adds O(1) to each operation, in the worst case, and 18 bytes per
/// page to what `Policy` costs, allocated once. One owner thread.
template <eviction_policy Policy>
class pinning {
 public:
  /// Adapts a policy made for pages `[0, pages)`, of which half may be pinned.
  /// \throws std::bad_alloc
  explicit pinning(std::size_t pages) : pinning{pages, pages / 2, Policy(pages)} {}
  /// Adapts `policy`, which was made for `pages` pages and tracks none; at most `cap` are pinned.
  /// \throws std::bad_alloc
  pinning(std::size_t pages, std::size_t cap, Policy policy)
      : others_{pages, std::move(policy)}, pins_{pages}, cap_{cap} {}

  /// Tells the policy.
  void miss(const page_access& access) noexcept { others_.miss(access); }

  /// Has the policy choose among the eligible pages that are not pinned; if there is none, the
  /// eligible pinned page that was used longest ago leaves.
  [[nodiscard]] std::optional<page_id> evict(const page_access& access,
                                             page_set eligible) noexcept {
    auto victim = others_.evict(access, eligible);
    if (victim) return victim;
    victim = pins_.take_oldest();
    if (victim) others_.erase(*victim);
    return victim;
  }

  /// Starts tracking `page`, pinned if its hint says so and there is room. Precondition: `page` is
  /// untracked.
  void insert(page_id page, const page_access& access) noexcept {
    others_.insert(page, access);
    heed(page, access.hint);
  }

  /// Notes a use, and pins or unpins `page` as its hint says. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    others_.touch(page, access);
    heed(page, access.hint);
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    if (pins_.contains(page)) pins_.erase(page);
    others_.erase(page);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept {
    others_.suspend(page);
    if (pins_.contains(page)) pins_.hide(page);
  }

  /// Considers `page` again, pinned or not. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept {
    others_.resume(page);
    if (pins_.contains(page)) pins_.show(page);
  }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return others_.size(); }
  /// Number of pages that are pinned.
  [[nodiscard]] std::size_t pins() const noexcept { return pins_.size(); }

 private:
  static constexpr std::uint8_t pinned_priority = 100;

  void heed(page_id page, const retention_hint& hint) noexcept {
    const bool was_pinned = pins_.contains(page);
    if (hint.priority >= pinned_priority) {
      if (was_pinned) return pins_.move_to_back(page);
      if (pins_.size() >= cap_) return;
      pins_.push_back(page);
      if (others_.is_suspended(page)) pins_.hide(page);
      others_.withhold(page);
    } else if (was_pinned) {
      pins_.erase(page);
      others_.offer(page);
    }
  }

  withholding<Policy> others_;
  recency_order pins_;
  std::size_t cap_;
};

}  // namespace kvfolio::eviction
