// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <kvfolio/copies/concept.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/page/free_order.hpp>

namespace kvfolio {

/// Holds one pin of one page of a `page_pool`: copying it shares the page, and the last one to go
/// gives it back. Whoever wants to write calls `detach` first, which copies only what is shared.
///
/// For engines that keep page tables of their own; a `paged_cache` needs none of these. A
/// `unique_page` is the handle of a page that nobody may share, a `weak_page` one that does not
/// keep its page. A moved-from or default-constructed handle is empty. The pool must outlive its
/// handles. 16 bytes. Handles of one page may live on different threads iff the pool's counters are
/// atomic and its allocator is thread-safe.
template <class Pool>
class cow_page {  // NOLINT(cppcoreguidelines-special-member-functions): assigned by value
 public:
  /// Holds nothing.
  cow_page() noexcept = default;

  /// Takes a free page of `pool`. Fails with `errc::out_of_pages`.
  [[nodiscard]] static result<cow_page> allocate(Pool& pool) noexcept {
    const auto page = pool.allocate();
    if (!page) return errc::out_of_pages;
    return cow_page{pool, *page};
  }

  /// Shares a page of `pool` that somebody holds, by its id, as a page table has it. Precondition:
  /// somebody does.
  [[nodiscard]] static cow_page share(Pool& pool, page_id page) noexcept {
    pool.pin(page);
    return cow_page{pool, page};
  }

  /// Shares the page of `other`.
  cow_page(const cow_page& other) noexcept : pool_{other.pool_}, page_{other.page_} {
    if (pool_ != nullptr) pool_->pin(page_);
  }
  /// Takes the page of `other`, which is empty then.
  cow_page(cow_page&& other) noexcept
      : pool_{std::exchange(other.pool_, nullptr)}, page_{other.page_} {}
  /// Shares, or takes, the page of `other`, and lets go of its own.
  cow_page& operator=(cow_page other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(page_, other.page_);
    return *this;
  }
  ~cow_page() { reset(); }

  /// Does it hold a page?
  [[nodiscard]] explicit operator bool() const noexcept { return pool_ != nullptr; }

  /// The page. Precondition: it holds one, here and below.
  [[nodiscard]] page_id id() const noexcept {
    KVFOLIO_EXPECTS(pool_ != nullptr);
    return page_;
  }

  /// The pool of the page.
  [[nodiscard]] Pool& pool() const noexcept { return KVFOLIO_EXPECTS(pool_ != nullptr), *pool_; }

  /// Is this the only handle of its page? Then it may be written in place.
  [[nodiscard]] bool unique() const noexcept { return pool_->unique(id()); }

  /// Makes this the only handle of its page: does nothing if it is already, else takes a free page,
  /// calls `copy(from, to)` and lets go of the shared one. Returns the page to write to. Fails with
  /// `errc::out_of_pages`, and then nothing has changed. Precondition: `copy` does not throw.
  template <class Copy>
  result<page_id> detach(Copy&& copy) noexcept {
    if (unique()) return page_;
    auto fresh = allocate(*pool_);
    if (!fresh) return fresh.error();
    copy(page_, fresh->page_);
    *this = *std::move(fresh);
    return page_;
  }

  /// The same, where `copies` copies the first `tokens` tokens of the page: those that count. They
  /// may be fewer bytes than the whole page, and are more pieces. Copies that land later would read
  /// a page that nobody keeps, and are not for this.
  template <copy_backend Copies>
  requires(!deferring_copy_backend<Copies>)  //
      result<page_id> detach(Copies& copies, const model::page_array& pages, std::uint32_t tokens)
  noexcept {
    return detach([&](page_id from, page_id to) noexcept {
      copies.submit(copy_op{from, to, 0, tokens}, pages);
    });
  }

  /// The same, with the whole page.
  template <copy_backend Copies>
  requires(!deferring_copy_backend<Copies>)  //
      result<page_id> detach(Copies& copies, const model::page_array& pages)
  noexcept { return detach(copies, pages, pages.layout().tokens()); }

  /// Lets go of the page, which is free again if this was its only handle. Empty afterwards.
  void reset() noexcept {
    auto* const pool = std::exchange(pool_, nullptr);
    if (pool != nullptr && pool->unpin(page_)) pool->release(page_, page_history::draft);
  }

 private:
  cow_page(Pool& pool, page_id page) noexcept : pool_{&pool}, page_{page} {}

  Pool* pool_ = nullptr;
  page_id page_{};
};

}  // namespace kvfolio
