// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/key_index.hpp>
#include <kvfolio/core/page_lists.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Pages in groups that have keys, each page in one at most, each group in the order in which its
/// pages joined. A group begins with its first page and ends with its last.
///
/// All operations are O(1), expected where a key is looked up, and `noexcept`, except construction.
/// Costs 48 to 56 bytes per page, allocated once.
class page_groups {
 public:
  /// Creates no group, for pages `[0, pages)`. \throws std::bad_alloc
  explicit page_groups(std::size_t pages)
      : keys_{pages}, members_{pages, pages}, group_of_(pages, none), unused_(pages) {
    for (std::size_t i = 0; i < pages; ++i) {
      unused_[i] = static_cast<std::uint32_t>(pages - 1 - i);
    }
  }

  /// Number of groups.
  [[nodiscard]] std::size_t size() const noexcept { return group_of_.size() - unused_.size(); }

  /// Is `page` in a group?
  [[nodiscard]] bool contains(page_id page) const noexcept {
    return group_of_[to_index(page)] != none;
  }

  /// Is `page` in the group of `key`?
  [[nodiscard]] bool contains(page_id page, content_key key) const noexcept {
    return contains(page) && keys_.key_of(page_id{group_of_[to_index(page)]}) == key;
  }

  /// Returns the page that joined the group of `key` last; `nullopt` if there is no such group.
  [[nodiscard]] std::optional<page_id> last(content_key key) const noexcept {
    const auto group = keys_.find(key);
    if (!group) return std::nullopt;
    return members_.back(to_index(*group));
  }

  /// Adds `page` to the group of `key`. Precondition: `!contains(page)`.
  void join(page_id page, content_key key) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    auto group = keys_.find(key);
    if (!group) {
      group = page_id{unused_.back()};  // there are as many as pages
      unused_.pop_back();
      keys_.insert(key, *group);
    }
    group_of_[to_index(page)] = static_cast<std::uint32_t>(*group);
    members_.push_back(page, to_index(*group));
  }

  /// Takes `page` out of its group. Precondition: `contains(page)`.
  void leave(page_id page) noexcept {
    KVFOLIO_EXPECTS(contains(page));
    const auto group = std::exchange(group_of_[to_index(page)], none);
    members_.erase(page);
    if (members_.front(group)) return;
    keys_.erase(page_id{group});
    unused_.push_back(group);
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  key_index keys_;                       // a group is what the index calls a page
  page_lists members_;                   // by group
  std::vector<std::uint32_t> group_of_;  // by page
  std::vector<std::uint32_t> unused_;    // groups
};

}  // namespace kvfolio
