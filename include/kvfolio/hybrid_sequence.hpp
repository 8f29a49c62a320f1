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
#include <kvfolio/group_tables.hpp>
#include <kvfolio/table/concept.hpp>
#include <kvfolio/truncation.hpp>

namespace kvfolio {

/// The KV and the states of one request, or of one branch of it: a handle that gives them up when
/// it goes.
///
/// As `sequence`, but with a page table for each group of layers. Made by `hybrid_cache::create`
/// and `fork`. Moving it is free; a moved-from sequence is empty and may only be destroyed or
/// assigned to. The cache must outlive it. One owner thread, the cache's. 16 bytes.
///
/// "Precondition: not empty" goes for every member but `operator bool`, `release` and the
/// assignment; "the group exists" for those that name one.
template <class Cache>
class hybrid_sequence {
 public:
  /// An empty handle.
  hybrid_sequence() noexcept = default;
  /// Takes over what `other` has, and leaves it empty.
  hybrid_sequence(hybrid_sequence&& other) noexcept
      : cache_{std::exchange(other.cache_, nullptr)}, row_{other.row_} {}
  /// Releases what it has, and takes over what `other` has.
  hybrid_sequence& operator=(hybrid_sequence&& other) noexcept {
    if (this != &other) {
      release();
      cache_ = std::exchange(other.cache_, nullptr);
      row_ = other.row_;
    }
    return *this;
  }
  hybrid_sequence(const hybrid_sequence&) = delete;
  hybrid_sequence& operator=(const hybrid_sequence&) = delete;
  ~hybrid_sequence() { release(); }

  /// Does it hold a sequence?
  [[nodiscard]] explicit operator bool() const noexcept { return cache_ != nullptr; }

  /// Tokens that have storage. O(1).
  [[nodiscard]] std::size_t length() const noexcept { return self().length; }

  /// Leading tokens that are complete. O(1).
  [[nodiscard]] std::size_t committed() const noexcept { return self().committed; }

  /// Places of the page table of `group`, holes included. O(1).
  [[nodiscard]] std::size_t page_count(std::size_t group) const noexcept {
    return table(group).size(row_);
  }

  /// The page of `group` for positions `[index * tokens_per_page(group), ...)`, or `no_page` where
  /// it needs none any more. Of a group of states, the page with the state after these positions,
  /// or after the last that there is. O(1) or O(log), as the page table. Precondition:
  /// `index < page_count(group)`.
  [[nodiscard]] page_id page_at(std::size_t group, std::size_t index) const noexcept {
    return table(group).at(row_, index);
  }

  /// The pages of `group` in order, as kernels read them: holes are -1 as int32. O(1). Valid until
  /// `append`, `commit`, `truncate` or `release`; requires a contiguous page table.
  [[nodiscard]] std::span<const page_id> page_table(std::size_t group) const noexcept requires
      contiguous_page_table<typename Cache::page_table> {
    return table(group).view(row_);
  }

  /// Writes the page ids of `group` to the front of `out`. O(pages). Precondition: `out` holds
  /// `page_count(group)`.
  void export_pages(std::size_t group, std::span<std::int32_t> out) const noexcept {
    table(group).export_to(row_, out);
  }

  /// Where positions `[first, first + count)` lie in `group`. O(1). Valid as the page table.
  /// Precondition: `first + count <= length()`, `group` keeps tokens and no states, and none of
  /// their places is a hole.
  [[nodiscard]] auto runs(std::size_t group, std::size_t first, std::size_t count) const noexcept {
    KVFOLIO_EXPECTS(first <= length() && count <= length() - first);
    return typename Cache::runs{table(group), row_, cache().tokens_per_page(group), first,
                                first + count};
  }

  /// Says what `append(tokens)` would take. O(groups). Leaves no trace.
  [[nodiscard]] fit probe(std::size_t tokens) const noexcept {
    return cache().probe_growth(row_, tokens);
  }

  /// Makes positions `[length(), length() + tokens)` storage that is this sequence's alone, in
  /// every group or in none. A partly used last page that others share is copied first; so is a
  /// state that they share. O(new pages).
  ///
  /// Fails with `errc::out_of_pages`; with `errc::too_large` if the pool could never hold so many
  /// tokens behind those that are complete, `errc::too_many_sequences` if `max_tokens` forbids
  /// them, `errc::out_of_range` if more than `max_step` would be incomplete. Invalidates the page
  /// tables.
  [[nodiscard]] result<void> append(std::size_t tokens) noexcept {
    return cache().append(row_, tokens);
  }

  /// Says that the next `tokens.size()` tokens after `committed()` are `tokens`, and complete.
  /// Where a whole unit is, others may resume from now on; if one did before, this sequence takes
  /// over the equal pages that are found there, and lets go of its own. Then makes holes where a
  /// group needs a page no more: kernels that read old tables must be done. O(tokens, and the pages
  /// of a resume point for each unit). Invalidates the page tables. Precondition: they have
  /// storage, that is, `committed() + tokens.size() <= length()`.
  void commit(std::span<const token_id> tokens) noexcept { cache().commit(row_, tokens); }

  /// Returns a sequence that begins as this one is, and shares every page. O(pages). Copies no
  /// bytes of a page. Fails with `errc::too_many_sequences`. Invalidates nothing.
  [[nodiscard]] result<hybrid_sequence> fork() noexcept { return cache().fork(row_); }

  /// Drops the tokens from `length` on, committed ones too, and says how much that was. O(dropped
  /// pages). Invalidates the page tables. Precondition: `length <= length()`.
  ///
  /// Fails with `errc::out_of_range` if a window has let go of what it would read there, or if a
  /// group of states has none after `length` tokens: only at a whole number of its intervals is
  /// there one, besides the last. 0 is always possible.
  [[nodiscard]] result<truncation> truncate(std::size_t length) noexcept {
    return cache().truncate(row_, length);
  }

  /// Gives everything up, deepest page first: what nobody shares is free again, or can be found.
  /// Empty afterwards. O(pages). May be called on an empty handle.
  void release() noexcept {
    if (auto* const cache = std::exchange(cache_, nullptr)) cache->release(row_);
  }

 private:
  friend Cache;

  hybrid_sequence(Cache& cache, std::uint32_t row) noexcept : cache_{&cache}, row_{row} {}

  [[nodiscard]] Cache& cache() const noexcept {
    KVFOLIO_EXPECTS(cache_ != nullptr);
    return *cache_;
  }
  [[nodiscard]] const auto& self() const noexcept { return cache().records_[row_]; }
  [[nodiscard]] const auto& table(std::size_t group) const noexcept { return cache().table(group); }

  Cache* cache_ = nullptr;
  std::uint32_t row_ = 0;
};

}  // namespace kvfolio
