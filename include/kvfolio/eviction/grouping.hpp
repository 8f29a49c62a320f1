// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/key_index.hpp>
#include <kvfolio/core/page_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Any policy, but that a session whose first page leaves is followed by the rest of it.
///
/// Half a conversation is worth little: what is missing must be computed again, and what is left
/// took the place of others. So once the policy has chosen a page, the victims after it are the
/// eligible pages of the same session, in the order in which they became eligible, until there is
/// none, or the session uses a page again. Mooncake's store evicts groups of objects together in
/// the same way (Qin et al., FAST 2025).
///
/// A page belongs to the session that used it last; one that no session used is alone.
///
/// Models `eligibility_aware`: adds O(1) to each operation, expected where a page changes its
/// session, and 60 bytes per page to what `Policy` costs, allocated once. One owner thread.
template <eviction_policy Policy>
class grouping {
 public:
  /// Adapts a policy made for pages `[0, pages)`. \throws std::bad_alloc
  explicit grouping(std::size_t pages) : grouping{pages, Policy(pages)} {}
  /// Adapts `policy`, which was made for `pages` pages and tracks none. \throws std::bad_alloc
  grouping(std::size_t pages, Policy policy)
      : policy_{std::move(policy)},
        sessions_{pages},
        members_(pages),
        group_of_(pages, nobody),
        eligible_{pages, pages},
        suspended_{pages} {
    unused_.reserve(pages);
    for (auto group = pages; group-- > 0;) unused_.push_back(static_cast<std::uint32_t>(group));
  }

  /// Tells the policy.
  void miss(const page_access& access) noexcept { policy_.miss(access); }

  /// Stops tracking the next eligible page of the session that is leaving, or the one that the
  /// policy chooses, whose session then leaves; returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& access,
                                             page_set eligible) noexcept {
    if (leaving_ != nobody) {
      if (const auto next = eligible_.front(leaving_)) {
        erase(*next);
        return next;
      }
    }
    const auto victim = policy_.evict(access, eligible);
    if (!victim) return std::nullopt;
    leaving_ = group_of_[to_index(*victim)];
    leave(*victim);
    return victim;
  }

  /// Starts tracking `page`, as one of the access's session. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    policy_.insert(page, access);
    suspended_.erase(to_index(page));
    join(page, access.session);
  }

  /// Notes a use, and whose it is. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    policy_.touch(page, access);
    if (access.session == session_id{}) return;
    const auto group = group_of_[to_index(page)];
    if (group == nobody || sessions_.key_of(page_id{group}) != key_of(access.session)) {
      leave(page);
      join(page, access.session);
    } else if (leaving_ == group) {
      leaving_ = nobody;
    }
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    policy_.erase(page);
    leave(page);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept {
    suspended_.insert(to_index(page));
    if (eligible_.contains(page)) eligible_.erase(page);
    if constexpr (eligibility_aware<Policy>) policy_.suspend(page);
  }

  /// Considers `page` again, as the last of its session. Precondition: `page` is tracked and
  /// suspended.
  void resume(page_id page) noexcept {
    suspended_.erase(to_index(page));
    if (const auto group = group_of_[to_index(page)]; group != nobody) {
      eligible_.push_back(page, group);
    }
    if constexpr (eligibility_aware<Policy>) policy_.resume(page);
  }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return policy_.size(); }
  /// Number of sessions that have pages.
  [[nodiscard]] std::size_t sessions() const noexcept { return members_.size() - unused_.size(); }

 private:
  static constexpr std::uint32_t nobody = UINT32_MAX;

  [[nodiscard]] static content_key key_of(session_id session) noexcept {
    return content_key{static_cast<std::uint64_t>(session)};
  }

  void join(page_id page, session_id session) noexcept {
    if (session == session_id{}) return;
    auto group = sessions_.find(key_of(session));
    if (!group) {
      group = page_id{unused_.back()};
      unused_.pop_back();
      sessions_.insert(key_of(session), *group);
    } else if (to_index(*group) == leaving_) {
      leaving_ = nobody;  // it is back
    }
    ++members_[to_index(*group)];
    group_of_[to_index(page)] = static_cast<std::uint32_t>(*group);
    if (!suspended_.contains(to_index(page))) eligible_.push_back(page, to_index(*group));
  }

  void leave(page_id page) noexcept {
    const auto group = std::exchange(group_of_[to_index(page)], nobody);
    if (group == nobody) return;
    if (eligible_.contains(page)) eligible_.erase(page);
    if (--members_[group] > 0) return;
    sessions_.erase(page_id{group});
    unused_.push_back(group);
    if (leaving_ == group) leaving_ = nobody;
  }

  Policy policy_;
  key_index sessions_;                   // a group is what the index calls a page
  std::vector<std::uint32_t> members_;   // tracked pages, by group
  std::vector<std::uint32_t> group_of_;  // by page
  std::vector<std::uint32_t> unused_;    // groups
  page_lists eligible_;                  // by group
  bitmap suspended_;
  std::uint32_t leaving_ = nobody;  // group
};

}  // namespace kvfolio::eviction
