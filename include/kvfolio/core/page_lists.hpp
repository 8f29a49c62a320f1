// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Any number of doubly linked lists of pages, each page in one at most, threaded through one array
/// of links: where `index_list` has one list, and `recency_lists` a few.
///
/// Node `i` is page `i`, and the sentinels of the lists follow the last page. Costs 8 bytes per
/// page and 8 per list, allocated once. All operations are O(1) and `noexcept`, except
/// construction.
class page_lists {
 public:
  /// Creates empty lists `[0, lists)` able to hold pages `[0, pages)`. \throws std::bad_alloc
  page_lists(std::size_t pages, std::size_t lists) : pages_{pages}, links_(pages + lists) {
    KVFOLIO_EXPECTS(links_.size() < unlinked);
    for (std::size_t list = 0; list < lists; ++list) {
      const auto end = static_cast<std::uint32_t>(pages + list);
      links_[end] = {end, end};
    }
  }

  /// Is `page` in a list?
  [[nodiscard]] bool contains(page_id page) const noexcept {
    return links_[to_index(page)].next != unlinked;
  }

  /// Returns the first page of `list`; `nullopt` when it is empty.
  [[nodiscard]] std::optional<page_id> front(std::size_t list) const noexcept {
    const auto first = links_[pages_ + list].next;
    if (first >= pages_) return std::nullopt;
    return page_id{first};
  }

  /// Returns the last page of `list`; `nullopt` when it is empty.
  [[nodiscard]] std::optional<page_id> back(std::size_t list) const noexcept {
    const auto last = links_[pages_ + list].previous;
    if (last >= pages_) return std::nullopt;
    return page_id{last};
  }

  /// Appends `page` to `list`. Precondition: `!contains(page)`.
  void push_back(page_id page, std::size_t list) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    const auto self = static_cast<std::uint32_t>(page);
    const auto end = static_cast<std::uint32_t>(pages_ + list);
    const auto last = links_[end].previous;
    links_[self] = {last, end};
    links_[last].next = links_[end].previous = self;
  }

  /// Removes `page` from its list. Precondition: `contains(page)`.
  void erase(page_id page) noexcept {
    KVFOLIO_EXPECTS(contains(page));
    auto& self = links_[to_index(page)];
    links_[self.previous].next = self.next;
    links_[self.next].previous = self.previous;
    self = {};
  }

 private:
  static constexpr std::uint32_t unlinked = UINT32_MAX;

  struct neighbours {
    std::uint32_t previous = unlinked;
    std::uint32_t next = unlinked;
  };

  std::size_t pages_;
  std::vector<neighbours> links_;  // by page, and then the ends of the lists
};

}  // namespace kvfolio
