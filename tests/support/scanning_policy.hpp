// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include <kvfolio/core/index_list.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::test {

/// LRU that wants to hear of nothing, and looks for an eligible page: what a user may write, and
/// what adaptors must not forget.
class scanning_policy {
 public:
  explicit scanning_policy(std::size_t pages) : order_{pages} {}

  void miss(const page_access& /*access*/) noexcept {}
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             page_set eligible) noexcept {
    auto page = order_.front();
    while (page && !eligible.contains(*page)) page = order_.next(*page);
    if (page) order_.erase(*page);
    return page;
  }
  void insert(page_id page, const page_access& /*access*/) noexcept { order_.push_back(page); }
  void touch(page_id page, const page_access& /*access*/) noexcept { order_.move_to_back(page); }
  void erase(page_id page) noexcept { order_.erase(page); }
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

 private:
  index_list order_;
};

static_assert(eviction_policy<scanning_policy> && !eligibility_aware<scanning_policy>);

}  // namespace kvfolio::test
