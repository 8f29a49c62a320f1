// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/page/concept.hpp>

namespace kvfolio::page {

/// Hands out pages from the front of one list, and `Order` says to which end they return.
///
/// The list is a ring of ids, so both ends cost what the top of a stack costs: one array access.
/// New pages come in ascending order. All operations are O(1), `noexcept` and free of allocation,
/// except construction, which is O(pages). Costs 4 to 8 bytes per page. One owner thread.
///
/// Not checked here: that a released page was handed out. `page_pool` knows, by its pins.
template <free_order Order = split>
class free_list {
 public:
  /// Creates a list of the pages `[first, last)`. \throws std::bad_alloc
  free_list(page_id first, page_id last)
      : ring_(std::bit_ceil(to_index(last) - to_index(first) + 1)),
        mask_{ring_.size() - 1},
        size_{to_index(last) - to_index(first)} {
    for (std::size_t i = 0; i < size_; ++i) ring_[i] = to_page(to_index(first) + i);
  }

  /// Hands out the page at the front; `nullopt` when none is free.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    if (size_ == 0) return std::nullopt;
    --size_;
    return ring_[front_++ & mask_];
  }

  /// Takes `page` back. Precondition: `page` is handed out.
  void release(page_id page, page_history history) noexcept {
    KVFOLIO_EXPECTS(size_ < ring_.size());
    const auto slot = Order::end(history) == free_end::front ? --front_ : front_ + size_;
    ring_[slot & mask_] = page;
    ++size_;
  }

  /// Number of free pages.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls `visit(page)` for every free page, in the order in which they will be handed out.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < size_; ++i) visit(ring_[(front_ + i) & mask_]);
  }

 private:
  std::vector<page_id> ring_;
  std::size_t mask_;
  std::size_t front_ = 0;  // modulo 2^64, of which the size of the ring is a divisor
  std::size_t size_;
};

static_assert(page_allocator<free_list<append>> && page_allocator<free_list<split>>);

}  // namespace kvfolio::page
