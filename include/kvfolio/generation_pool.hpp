// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/page/free_order.hpp>

namespace kvfolio {

/// A pool that numbers the lives of its pages, so that there can be weak handles of them.
///
/// A page has the same generation from the time it is handed out until it is released, and never
/// again: they are 64 bits. Costs 8 bytes a page and an addition a release, beside `Pool`, which is
/// a `page_pool` or has its members. One owner thread.
template <class Pool>
class generation_pool {
 public:
  /// Takes `pool`, whose pages are all below `bound`. \throws std::bad_alloc
  generation_pool(Pool pool, std::size_t bound) : pool_{std::move(pool)}, generations_(bound) {}

  /// As `Pool` does, here and below.
  [[nodiscard]] std::size_t capacity() const noexcept { return pool_.capacity(); }
  /// \overload
  [[nodiscard]] std::size_t free() const noexcept { return pool_.free(); }
  /// \overload
  [[nodiscard]] std::optional<page_id> allocate() noexcept { return pool_.allocate(); }
  /// \overload
  void pin(page_id page) noexcept { pool_.pin(page); }
  /// \overload
  [[nodiscard]] bool unpin(page_id page) noexcept { return pool_.unpin(page); }
  /// \overload
  [[nodiscard]] bool idle(page_id page) const noexcept { return pool_.idle(page); }
  /// \overload
  [[nodiscard]] bool unique(page_id page) const noexcept { return pool_.unique(page); }
  /// \overload
  [[nodiscard]] std::uint32_t pins(page_id page) const noexcept { return pool_.pins(page); }
  /// As `Pool` does, and ends the generation of `page`.
  void release(page_id page, page_history history) noexcept {
    pool_.release(page, history);
    ++generations_[to_index(page)];
  }

  /// The generation of `page`: how often it was released. Precondition: it is a page of the pool.
  [[nodiscard]] std::uint64_t generation(page_id page) const noexcept {
    KVFOLIO_EXPECTS(to_index(page) < generations_.size());
    return generations_[to_index(page)];
  }

 private:
  Pool pool_;
  std::vector<std::uint64_t> generations_;  // by page
};

}  // namespace kvfolio
