// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

#include <kvfolio/core/types.hpp>
#include <kvfolio/cow_page.hpp>

namespace kvfolio {

/// A pool that can tell whether a page is the one that it was: `generation(page)` changes when the
/// page is released, and `idle(page)` says that nobody has it. See `generation_pool`.
// clang-format off
template <class P>
concept weak_pool = requires(const P& pool, page_id page) {
  { pool.generation(page) } noexcept -> std::same_as<std::uint64_t>;
  { pool.idle(page) }       noexcept -> std::same_as<bool>;
};
// clang-format on

/// Remembers a page without keeping it: an engine's own map from contents to pages, say, which must
/// not cost any.
///
/// Once the last handle of the page is gone it has expired, and stays so whoever gets the page
/// next. A default-constructed one has expired. Cheap to copy, 24 bytes. The pool must outlive it.
/// One owner thread, the pool's.
template <weak_pool Pool>
class weak_page {
 public:
  /// Remembers nothing.
  weak_page() noexcept = default;

  /// Remembers the page of `shared`. Precondition: it holds one.
  explicit weak_page(const cow_page<Pool>& shared) noexcept
      : pool_{&shared.pool()}, page_{shared.id()}, generation_{pool_->generation(page_)} {}

  /// Has the page been given up by all that held it?
  [[nodiscard]] bool expired() const noexcept {
    return pool_ == nullptr || pool_->generation(page_) != generation_ || pool_->idle(page_);
  }

  /// The page, shared; an empty handle if it has expired.
  [[nodiscard]] cow_page<Pool> lock() const noexcept {
    return expired() ? cow_page<Pool>{} : cow_page<Pool>::share(*pool_, page_);
  }

 private:
  Pool* pool_ = nullptr;
  page_id page_{};
  std::uint64_t generation_ = 0;
};

}  // namespace kvfolio
