// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/recency_order.hpp>
#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/eviction/wanted_before.hpp>

namespace kvfolio::eviction {

/// Says whether a page that is missed shall have a place among the others. Asked once a miss.
// clang-format off
template <class F>
concept admission_filter =
    std::movable<F> && std::constructible_from<F, std::size_t> &&
    requires(F& filter, const page_access& access) {
      { filter.admits(access) } noexcept -> std::same_as<bool>;
    };
// clang-format on

/// Any policy, but that it hears only of the pages that a filter admits.
///
/// A page that is missed must be computed, and so has to come in. Who is refused waits in a queue,
/// and leaves before all others; who is used while it waits is admitted, whatever the filter said.
///
/// Models `eligibility_aware`: adds O(1) to each operation, and what the filter takes to `miss`,
/// and 18 bytes per page to what `Policy` and `Filter` cost, allocated once. One owner thread.
template <eviction_policy Policy, admission_filter Filter = wanted_before>
class admitting {
 public:
  /// Adapts a policy made for pages `[0, pages)`, with a filter made for them too.
  /// \throws std::bad_alloc
  explicit admitting(std::size_t pages) : admitting{pages, Policy(pages), Filter(pages)} {}
  /// Adapts `policy`, which was made for `pages` pages and tracks none. \throws std::bad_alloc
  admitting(std::size_t pages, Policy policy, Filter filter)
      : policy_{std::move(policy)},
        filter_{std::move(filter)},
        waiting_{pages},
        suspended_{pages} {}

  /// Asks the filter, and tells the policy of who is admitted.
  void miss(const page_access& access) noexcept {
    incoming_ = arrival{access.key, filter_.admits(access)};
    if (incoming_->admitted) policy_.miss(access);
  }

  /// Stops tracking the eligible page that has waited longest, or else the one that the policy
  /// chooses, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& access,
                                             page_set eligible) noexcept {
    if (const auto refused = waiting_.take_oldest()) return refused;
    return policy_.evict(access, eligible);
  }

  /// Starts tracking `page`. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    if (!incoming_ || incoming_->key != access.key) miss(access);
    incoming_->admitted ? policy_.insert(page, access) : waiting_.push_back(page);
    suspended_.erase(to_index(page));
    incoming_.reset();
  }

  /// Tells the policy, to which a page that waits is a new one. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    if (!waiting_.contains(page)) return policy_.touch(page, access);
    waiting_.erase(page);
    policy_.miss(access);
    policy_.insert(page, access);
    if constexpr (eligibility_aware<Policy>) {
      if (suspended_.contains(to_index(page))) policy_.suspend(page);
    }
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    waiting_.contains(page) ? waiting_.erase(page) : policy_.erase(page);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept {
    suspended_.insert(to_index(page));
    if (waiting_.contains(page)) {
      waiting_.hide(page);
    } else if constexpr (eligibility_aware<Policy>) {
      policy_.suspend(page);
    }
  }

  /// Considers `page` again, at its place. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept {
    suspended_.erase(to_index(page));
    if (waiting_.contains(page)) {
      waiting_.show(page);
    } else if constexpr (eligibility_aware<Policy>) {
      policy_.resume(page);
    }
  }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size() + policy_.size(); }
  /// Number of pages that were refused, and wait.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  struct arrival {
    content_key key;
    bool admitted;
  };

  Policy policy_;
  Filter filter_;
  recency_order waiting_;
  bitmap suspended_;
  std::optional<arrival> incoming_;  // announced by the last miss
};

}  // namespace kvfolio::eviction
