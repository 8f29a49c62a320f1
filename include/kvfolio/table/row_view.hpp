// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/table/concept.hpp>
#include <kvfolio/table/export.hpp>
#include <kvfolio/token_runs.hpp>

namespace kvfolio::table {

/// A row of a page table as the exporters read it, for engines that keep tables of their own, with
/// `cow_page` say; a `sequence` of a `paged_cache` needs none. Owns nothing, and is valid as long
/// as the table and the numbers are. 40 bytes.
template <page_table Table>
class row_view {
 public:
  /// Views `row`, of `length` tokens of which the first `committed` are complete. Precondition: the
  /// row has pages for them.
  row_view(const Table& tables, std::size_t row, std::uint32_t tokens_per_page, std::size_t length,
           std::size_t committed) noexcept
      : tables_{&tables},
        row_{row},
        length_{length},
        committed_{committed},
        tokens_per_page_{tokens_per_page} {
    KVFOLIO_EXPECTS(committed <= length && length <= tables.size(row) * tokens_per_page);
  }

  /// Tokens that have storage.
  [[nodiscard]] std::size_t length() const noexcept { return length_; }
  /// Leading tokens that are complete.
  [[nodiscard]] std::size_t committed() const noexcept { return committed_; }
  /// Number of pages, holes too.
  [[nodiscard]] std::size_t page_count() const noexcept { return tables_->size(row_); }
  /// Writes the page ids to the front of `out`. Precondition: `out` holds `page_count()`.
  void export_pages(std::span<std::int32_t> out) const noexcept { tables_->export_to(row_, out); }
  /// Where positions `[first, first + count)` lie. Precondition: `first + count <= length()`.
  [[nodiscard]] token_runs<Table> runs(std::size_t first, std::size_t count) const noexcept {
    KVFOLIO_EXPECTS(first <= length_ && count <= length_ - first);
    return {*tables_, row_, tokens_per_page_, first, first + count};
  }
  /// The row in `tables()`.
  [[nodiscard]] std::size_t row() const noexcept { return row_; }
  /// The table.
  [[nodiscard]] const Table& tables() const noexcept { return *tables_; }

 private:
  const Table* tables_;
  std::size_t row_;
  std::size_t length_;
  std::size_t committed_;
  std::uint32_t tokens_per_page_;
};

}  // namespace kvfolio::table
