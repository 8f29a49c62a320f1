// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/fit.hpp>
#include <kvfolio/page/reservation_rule.hpp>
#include <kvfolio/table/concept.hpp>
#include <kvfolio/truncation.hpp>

namespace kvfolio {

/// The KV of one request, or of one branch of it: a handle that gives it up when it goes.
///
/// Of its `length()` tokens, the first `committed()` are complete and never written again; the
/// others are being computed. Made by `paged_cache::create` and `fork`. Moving it is free; a
/// moved-from sequence is empty and may only be destroyed or assigned to. The cache must outlive
/// it. One owner thread, the cache's. 16 bytes.
///
/// "Precondition: not empty" goes for every member but `operator bool`, `release` and the
/// assignment; "not reserved", see `reservation`, for every member that changes it.
template <class Cache>
class sequence {
 public:
  /// An empty handle.
  sequence() noexcept = default;
  /// Takes over what `other` has, and leaves it empty.
  sequence(sequence&& other) noexcept
      : cache_{std::exchange(other.cache_, nullptr)}, row_{other.row_} {}
  /// Releases what it has, and takes over what `other` has.
  sequence& operator=(sequence&& other) noexcept {
    if (this != &other) {
      release();
      cache_ = std::exchange(other.cache_, nullptr);
      row_ = other.row_;
    }
    return *this;
  }
  sequence(const sequence&) = delete;
  sequence& operator=(const sequence&) = delete;
  ~sequence() { release(); }

  /// Does it hold a sequence?
  [[nodiscard]] explicit operator bool() const noexcept { return cache_ != nullptr; }

  /// Tokens that have storage. O(1).
  [[nodiscard]] std::size_t length() const noexcept { return self().length; }

  /// Leading tokens that are complete. O(1).
  [[nodiscard]] std::size_t committed() const noexcept { return self().committed; }

  /// Tokens after the `committed()` ones that the engine must run again, because they were
  /// recomputed or lost when the sequence was preempted; see `parked::resume`. Those beyond
  /// `length()` must be appended first. O(1).
  [[nodiscard]] std::size_t to_compute() const noexcept {
    return self().compute_end > committed() ? self().compute_end - committed() : 0;
  }

  /// Number of pages, the last of which may be partly used. O(1).
  [[nodiscard]] std::size_t page_count() const noexcept { return cache().tables().size(row_); }

  /// The page of positions `[index * tokens_per_page, ...)`. O(1) or O(log), as the page table.
  /// Precondition: `index < page_count()`.
  [[nodiscard]] page_id page_at(std::size_t index) const noexcept {
    return cache().tables().at(row_, index);
  }

  /// The pages in order, as kernels read them. O(1). Valid until `append`, `writable`, `truncate`
  /// or `release`; requires a contiguous page table, such as `table::flat`.
  [[nodiscard]] std::span<const page_id> page_table() const noexcept requires
      contiguous_page_table<typename Cache::page_table> {
    return cache().tables().view(row_);
  }

  /// Writes the page ids to the front of `out`. O(pages). Precondition: `out` holds `page_count()`.
  void export_pages(std::span<std::int32_t> out) const noexcept {
    cache().tables().export_to(row_, out);
  }

  /// Its row in `tables()`, which no other sequence has as long as this one lives. O(1).
  [[nodiscard]] std::size_t row() const noexcept {
    return KVFOLIO_EXPECTS(cache_ != nullptr), row_;
  }

  /// The page tables of the cache, for what some of them can tell beside the pages: extents, holes,
  /// changes. O(1).
  [[nodiscard]] const auto& tables() const noexcept { return cache().tables(); }

  /// Where positions `[first, first + count)` lie, for reading or, if `append` has just returned
  /// them, for writing. O(1). Valid until `append`, `writable`, `truncate` or `release`.
  /// Precondition: `first + count <= length()`.
  [[nodiscard]] auto runs(std::size_t first, std::size_t count) const noexcept {
    KVFOLIO_EXPECTS(first <= length() && count <= length() - first);
    return typename Cache::runs{cache().tables(), row_, cache().tokens_per_page(), first,
                                first + count};
  }

  /// Says what `append(tokens)` would take. O(1). Leaves no trace.
  [[nodiscard]] fit probe(std::size_t tokens) const noexcept {
    return cache().probe_growth(row_, tokens);
  }

  /// Sets aside what `append(tokens)` needs; see `paged_cache::reserve`, also for many sequences.
  [[nodiscard]] auto reserve(std::size_t tokens) noexcept {
    return cache().reserve({{*this, tokens}});
  }

  /// Makes positions `[length(), length() + tokens)` storage that is this sequence's alone. A
  /// partly used last page that others share is copied first, its valid tokens only. O(new pages).
  ///
  /// Fails with `errc::out_of_pages`; with `errc::too_large` if the pool could never hold so many
  /// tokens, `errc::too_many_sequences` if `max_tokens` forbids them. Invalidates the page table.
  [[nodiscard]] result<void> append(std::size_t tokens) noexcept {
    return cache().append(row_, tokens);
  }

  /// Appends until the first `tokens` tokens have storage, and as many more as the reservation rule
  /// of the bundle sets aside for a request of the size `asked`. Does nothing if they have.
  /// O(new pages). Fails as `append` does.
  [[nodiscard]] result<void> ensure(std::size_t tokens, const request_size& asked = {}) noexcept {
    const auto wanted = cache().storage_for(tokens, asked);
    return wanted <= length() ? result<void>{} : append(wanted - length());
  }

  /// Makes positions `[first, first + count)`, appended before and not yet committed, storage that
  /// is this sequence's alone, and says where they lie. Pages that others share are copied, and so
  /// are those after them up to the last shared one. O(pages from `first` on).
  ///
  /// Fails with `errc::out_of_range` if some of the positions are committed or do not exist, with
  /// `errc::out_of_pages`, or with `errc::in_flight` if one of their pages takes part in a copy
  /// that has not landed. Invalidates the page table. With copies that the engine carries out, what
  /// is written must come after them.
  [[nodiscard]] auto writable(std::size_t first, std::size_t count) noexcept {
    return cache().writable(row_, first, count);
  }

  /// Says that the next `tokens.size()` tokens after `committed()` are `tokens`, and complete.
  /// O(tokens). Invalidates nothing. Precondition: they have storage, that is,
  /// `committed() + tokens.size() <= length()`.
  void commit(std::span<const token_id> tokens) noexcept { cache().commit(row_, tokens); }

  /// Returns a sequence that begins as this one is, and shares every page. Copies nothing but, in a
  /// flat page table, the row. Fails with `errc::too_many_sequences`. Invalidates nothing.
  [[nodiscard]] result<sequence> fork() noexcept { return cache().fork(row_); }

  /// Drops the tokens from `length` on, committed ones too, and says how much that was. O(dropped
  /// pages). Invalidates the page table. Precondition: `length <= length()`.
  truncation truncate(std::size_t length) noexcept { return cache().truncate(row_, length); }

  /// Gives everything up, deepest page first: what nobody shares is free again. Empty afterwards.
  /// O(freed pages). May be called while reserved, and on an empty handle.
  void release() noexcept {
    if (auto* const cache = std::exchange(cache_, nullptr)) cache->release(row_);
  }

 private:
  friend Cache;

  sequence(Cache& cache, std::uint32_t row) noexcept : cache_{&cache}, row_{row} {}

  [[nodiscard]] Cache& cache() const noexcept {
    KVFOLIO_EXPECTS(cache_ != nullptr);
    return *cache_;
  }
  [[nodiscard]] decltype(auto) self() const noexcept {
    return std::as_const(cache()).records_[row_];
  }

  Cache* cache_ = nullptr;
  std::uint32_t row_ = 0;
};

}  // namespace kvfolio
