// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio::page {

/// Which pages somebody would like to have next, in the order in which they will be taken: what
/// `on_wish` asks. O(1), and nothing is allocated but by the constructor. One owner thread.
class wish_list {
 public:
  /// Makes an empty list with room for `wishes`. \throws std::bad_alloc
  explicit wish_list(std::size_t wishes) { wishes_.reserve(wishes); }

  /// Adds a wish for the page that is taken after those wished for already; none: any page will
  /// do. Precondition: there is room.
  void add(std::optional<page_id> page) noexcept {
    KVFOLIO_EXPECTS(wishes_.size() < wishes_.capacity());
    wishes_.push_back(page);
  }

  /// Returns the wish for the page that is taken now, and forgets it; none if there is none.
  [[nodiscard]] std::optional<page_id> next() noexcept {
    if (next_ == wishes_.size()) return std::nullopt;
    return wishes_[next_++];
  }

  /// Forgets all wishes.
  void clear() noexcept {
    wishes_.clear();
    next_ = 0;
  }

 private:
  std::vector<std::optional<page_id>> wishes_;
  std::size_t next_ = 0;
};

}  // namespace kvfolio::page
