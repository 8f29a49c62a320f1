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
        mask_{static_cast<std::uint32_t>(ring_.size() - 1)},
        back_{static_cast<std::uint32_t>(to_index(last) - to_index(first))} {
    for (std::uint32_t i = 0; i < back_; ++i) ring_[i] = to_page(to_index(first) + i);
  }

  /// Hands out the page at the front; `nullopt` when none is free.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    if (front_ == back_) return std::nullopt;
    return ring_[front_++ & mask_];
  }

  /// Takes `page` back. Precondition: `page` is handed out.
  void release(page_id page, page_history history) noexcept {
    KVFOLIO_EXPECTS(size() < ring_.size() - 1);
    const auto slot = Order::end(history) == free_end::front ? --front_ : back_++;
    ring_[slot & mask_] = page;
  }

  /// Number of free pages.
  [[nodiscard]] std::size_t size() const noexcept { return back_ - front_; }

  /// Calls `visit(page)` for every free page, in the order in which they will be handed out.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (auto slot = front_; slot != back_; ++slot) visit(ring_[slot & mask_]);
  }

 private:
  // The pages lie in slots [front_, back_), modulo the size of the ring, a power of two above their
  // number. Two counters that run on without end, and not one and a size: then each call writes one
  // of them, and never the other.
  std::vector<page_id> ring_;
  std::uint32_t mask_;
  std::uint32_t front_ = 0;
  std::uint32_t back_;
};

static_assert(page_allocator<free_list<append>> && page_allocator<free_list<split>>);

}  // namespace kvfolio::page
