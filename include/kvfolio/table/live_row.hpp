// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <kvfolio/table/concept.hpp>
#include <kvfolio/table/export.hpp>

namespace kvfolio::table {

/// A row of a batch that a live export can follow: it says where it comes from, a page table that
/// remembers changes, such as `tracked<flat>`.
// clang-format off
template <class S>
concept followable =
    exportable<S> && requires(const S& sequence) {
      { sequence.row() } -> std::same_as<std::size_t>;
      requires tracking_page_table<std::remove_cvref_t<decltype(sequence.tables())>>;
    };
// clang-format on

/// What one place of a live buffer holds of a row: the pages of some row, as they were at some
/// moment. 32 bytes.
class live_row {
 public:
  /// Brings `buffer` from `offset` on to what `row` is now. Writes `hole` for holes, and of the
  /// rest what is not there yet: everything, if it held another row, or this one elsewhere. Returns
  /// the ids written. O(changes of the row, and the ids). Precondition: `buffer` has room for the
  /// pages from `offset` on, and nobody else wrote to those that it held.
  template <followable Row>
  std::size_t renew(const Row& row, std::span<std::int32_t> buffer, std::size_t offset,
                    std::int32_t hole) noexcept {
    const auto& tables = row.tables();
    const auto number = row.row();
    const auto pages = row.page_count();
    const auto kept = row_ == number && offset_ == offset ? std::min(pages_, pages) : 0;
    std::size_t written = 0;
    const auto write = [&](std::size_t first, std::size_t end) noexcept {
      if (first >= end) return;
      const auto part = buffer.subspan(offset + first, end - first);
      tables.export_part(number, first, part);
      detail::show_holes(part, hole);
      written += part.size();
    };
    if (kept != 0) {
      tables.for_each_change(number, then_, [&](std::size_t first, std::size_t end) noexcept {
        write(first, std::min(end, kept));
      });
    }
    write(kept, pages);
    row_ = number;
    offset_ = offset;
    pages_ = pages;
    then_ = tables.now();
    return written;
  }

 private:
  std::size_t row_ = SIZE_MAX;
  std::size_t offset_ = 0;
  std::size_t pages_ = 0;
  moment then_{};
};

}  // namespace kvfolio::table
