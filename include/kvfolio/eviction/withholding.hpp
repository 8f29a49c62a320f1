// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Any policy, from which its owner can withhold pages that are eligible: what adaptors are made of
/// that keep some pages longer than the policy would.
///
/// The policy sees a withheld page as it sees a pinned one. It goes on to hear of its uses, so that
/// the page is as old as it should be when it is offered again.
///
/// Models `eligibility_aware`, whatever `Policy` does: tells a policy that wants to know what
/// changes, and shows the others the pages that are neither withheld nor suspended. Adds O(1) to
/// each operation, and 0.4 bytes per page, allocated once. One owner thread.
template <eviction_policy Policy>
class withholding {
 public:
  /// Adapts a policy made for pages `[0, pages)`, that tracks none of them. \throws std::bad_alloc
  explicit withholding(std::size_t pages) : withholding{pages, Policy(pages)} {}
  /// Adapts `policy`, which was made for `pages` pages, and tracks none. \throws std::bad_alloc
  withholding(std::size_t pages, Policy policy)
      : policy_{std::move(policy)}, offered_{pages}, suspended_{pages}, withheld_{pages} {}

  /// Tells the policy.
  void miss(const page_access& access) noexcept { policy_.miss(access); }

  /// Has the policy choose among the pages that are eligible and not withheld.
  [[nodiscard]] std::optional<page_id> evict(const page_access& access,
                                             page_set /*eligible*/) noexcept {
    const auto victim = policy_.evict(access, page_set{offered_.words()});
    if (victim) offered_.erase(to_index(*victim));
    return victim;
  }

  /// Starts tracking `page`, eligible and not withheld. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    policy_.insert(page, access);
    offered_.insert(to_index(page));
    suspended_.erase(to_index(page));
    withheld_.erase(to_index(page));
  }

  /// Tells the policy. Precondition: `page` is tracked, here and below.
  void touch(page_id page, const page_access& access) noexcept { policy_.touch(page, access); }

  /// Stops tracking `page`, withheld or not.
  void erase(page_id page) noexcept {
    policy_.erase(page);
    offered_.erase(to_index(page));
  }

  /// Passes over `page` until it is resumed.
  void suspend(page_id page) noexcept {
    suspended_.insert(to_index(page));
    refresh(page);
  }
  /// Undoes `suspend(page)`.
  void resume(page_id page) noexcept {
    suspended_.erase(to_index(page));
    refresh(page);
  }
  /// Is `page` suspended?
  [[nodiscard]] bool is_suspended(page_id page) const noexcept {
    return suspended_.contains(to_index(page));
  }

  /// Passes over `page` until it is offered, eligible or not.
  void withhold(page_id page) noexcept {
    withheld_.insert(to_index(page));
    refresh(page);
  }
  /// Undoes `withhold(page)`.
  void offer(page_id page) noexcept {
    withheld_.erase(to_index(page));
    refresh(page);
  }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return policy_.size(); }
  /// The policy.
  [[nodiscard]] const Policy& policy() const noexcept { return policy_; }

 private:
  void refresh(page_id page) noexcept {
    const bool offered =
        !suspended_.contains(to_index(page)) && !withheld_.contains(to_index(page));
    if (offered == offered_.contains(to_index(page))) return;
    offered ? offered_.insert(to_index(page)) : offered_.erase(to_index(page));
    if constexpr (eligibility_aware<Policy>) {
      offered ? policy_.resume(page) : policy_.suspend(page);
    }
  }

  Policy policy_;
  bitmap offered_;  // tracked, and neither suspended nor withheld
  bitmap suspended_;
  bitmap withheld_;
};

}  // namespace kvfolio::eviction
