// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/page/concept.hpp>

namespace kvfolio::page {

/// Hands out pages from the front of one list, and `Order` says to which end they return.
///
/// The list is a ring of ids, so both ends cost what the top of a stack costs: one array access.
/// New pages come in ascending order. All operations are O(1), `noexcept` and free of allocation,
/// except construction and `resize`, which are O(pages). Costs 4 to 8 bytes per page. One owner
/// thread.
///
/// Checked here: that a released page is one of the list's. That it was handed out is known by the
/// pins of `page_pool`, and by `page::tracking`.
template <free_order Order = split>
class free_list {
 public:
  /// Creates a list of the pages `[first, last)`. \throws std::bad_alloc
  free_list(page_id first, page_id last)
      : ring_(std::bit_ceil(to_index(last) - to_index(first) + 1)),
        mask_{static_cast<std::uint32_t>(ring_.size() - 1)},
        first_{first},
        last_{last} {
    push_back(first, last);
  }

  /// Hands out the page at the front; `nullopt` when none is free.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    if (front_ == back_) return std::nullopt;
    return ring_[front_++ & mask_];
  }

  /// Takes `page` back. Precondition: `page` is handed out.
  void release(page_id page, page_history history) noexcept {
    KVFOLIO_EXPECTS(size() < ring_.size() - 1);
    KVFOLIO_EXPECTS(first_ <= page && page < last_);
    const auto slot = Order::end(history) == free_end::front ? --front_ : back_++;
    ring_[slot & mask_] = page;
  }

  /// Grows or shrinks to the pages `[first, last)`, or returns `errc::in_use`. New pages go to the
  /// back. \throws std::bad_alloc with nothing changed
  [[nodiscard]] result<void> resize(page_id last) {
    KVFOLIO_EXPECTS(first_ <= last);
    std::size_t leaving = 0;
    for_each([&](page_id page) { leaving += page < last ? 0 : 1; });
    if (to_index(last) + leaving < to_index(last_)) return errc::in_use;
    free_list resized{first_, last};
    resized.back_ = 0;
    for_each([&](page_id page) {
      if (page < last) resized.push_back(page, to_page(to_index(page) + 1));
    });
    if (last_ < last) resized.push_back(last_, last);
    *this = std::move(resized);
    return {};
  }

  /// Number of free pages.
  [[nodiscard]] std::size_t size() const noexcept { return back_ - front_; }

  /// Calls `visit(page)` for every free page, in the order in which they will be handed out.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (auto slot = front_; slot != back_; ++slot) visit(ring_[slot & mask_]);
  }

 private:
  void push_back(page_id first, page_id last) noexcept {
    for (auto page = to_index(first); page < to_index(last); ++page) {
      ring_[back_++ & mask_] = to_page(page);
    }
  }

  // The pages lie in slots [front_, back_), modulo the size of the ring, a power of two above their
  // number. Two counters that run on without end, and not one and a size: then each call writes one
  // of them, and never the other.
  std::vector<page_id> ring_;
  std::uint32_t mask_;
  std::uint32_t front_ = 0;
  std::uint32_t back_ = 0;
  page_id first_;
  page_id last_;
};

static_assert(resizable_allocator<free_list<append>> && resizable_allocator<free_list<split>>);

}  // namespace kvfolio::page
