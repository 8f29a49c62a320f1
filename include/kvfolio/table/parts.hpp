// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/table/concept.hpp>

/// Parts of rows, of any page table: by its own means if it has them, else page by page.
namespace kvfolio::table {

/// Fills `out` with the ids of `row` from `first` on. Precondition: `first + out.size()` is at most
/// `table.size(row)`.
template <page_table Table>
void export_part(const Table& table, std::size_t row, std::size_t first,
                 std::span<std::int32_t> out) noexcept {
  if constexpr (partial_page_table<Table>) {
    table.export_part(row, first, out);
  } else {
    KVFOLIO_EXPECTS(first <= table.size(row) && out.size() <= table.size(row) - first);
    for (auto& each : out) each = static_cast<std::int32_t>(table.at(row, first++));
  }
}

/// Puts `pages` in the places of `row` from `first` on: when pages have moved, or equal ones were
/// merged. Precondition: the row has these places.
template <page_table Table>
void assign(Table& table, std::size_t row, std::size_t first,
            std::span<const page_id> pages) noexcept {
  if constexpr (splicing_page_table<Table>) {
    table.assign(row, first, pages);
  } else {
    KVFOLIO_EXPECTS(first <= table.size(row) && pages.size() <= table.size(row) - first);
    for (const auto page : pages) table.replace(row, first++, page);
  }
}

/// Moves the pages of `row` from `first` on to the end of `other`: when a part of a sequence was
/// filled in a row of its own, by another worker or from another tier. Precondition: `first` is at
/// most `table.size(row)`; `other` is another row and has room.
template <page_table Table>
void splice(Table& table, std::size_t row, std::size_t first, std::size_t other) noexcept {
  if constexpr (splicing_page_table<Table>) {
    table.splice(row, first, other);
  } else {
    KVFOLIO_EXPECTS(row != other && first <= table.size(row));
    const auto end = table.size(row);
    for (auto index = first; index != end; ++index) table.push_back(other, table.at(row, index));
    table.truncate(row, first);
  }
}

}  // namespace kvfolio::table
