// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/page/watched.hpp>
#include <kvfolio/vm/chunk_pool.hpp>

namespace kvfolio {

/// Pins the row of chunks that a page is, as long as the page is handed out: a `page_watch`.
/// Stateless but for the pool, which must outlive it. One owner thread.
template <vm_backend B>
class row_watch : public page::null_watch {
 public:
  /// Pins nothing.
  row_watch() noexcept = default;
  /// Pins rows of `pool`. Precondition: none of those that will be handed out is pinned.
  explicit row_watch(vm::chunk_pool<B>& pool) noexcept : pool_{&pool} {}

  /// They are in use.
  void taken(page_run run) noexcept {
    for_each(run, [this](page_id row) { pool_->claim(row); });
  }
  /// They are not.
  void returning(page_run run, page_history /*history*/) noexcept {
    for_each(run, [this](page_id row) { pool_->unpin(row); });
  }

 private:
  template <class Visit>
  void for_each(page_run run, Visit visit) noexcept {
    if (pool_ == nullptr) return;
    for (auto row = to_index(run.first); row < to_index(run.end()); ++row) visit(to_page(row));
  }

  vm::chunk_pool<B>* pool_ = nullptr;
};

}  // namespace kvfolio
