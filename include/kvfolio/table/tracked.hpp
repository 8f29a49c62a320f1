// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/table/concept.hpp>
#include <kvfolio/table/parts.hpp>

namespace kvfolio::table {

/// A page table that remembers the last few changes of each row, so that whoever has a copy of it
/// need not read all of it again: what `live_padded` and `live_csr` need.
///
/// What is added at the end is not noted, because its place says it: an append costs what it does
/// in `Table`. Anything else notes a range of places and a number, O(1). Of changes before the last
/// four of a row it is only known that they happened; then all of the row has changed. There may be
/// any number of readers, who remember the moment up to which they have seen everything. Costs 80
/// bytes a row. As thread-safe as `Table`.
template <page_table Table>
class tracked {
 public:
  /// Creates `rows` empty rows of at most `length` pages. \throws what `Table` throws
  tracked(std::size_t rows, std::size_t length) : table_{rows, length}, logs_(rows) {}

  /// As `Table` does. Precondition: as there, here and below.
  [[nodiscard]] std::size_t size(std::size_t row) const noexcept { return table_.size(row); }
  /// \overload
  [[nodiscard]] page_id at(std::size_t row, std::size_t index) const noexcept {
    return table_.at(row, index);
  }
  /// \overload
  [[nodiscard]] page_id back(std::size_t row) const noexcept { return table_.back(row); }
  /// \overload
  [[nodiscard]] std::size_t next(std::size_t row, std::size_t index) const noexcept requires
      sparse_page_table<Table> {
    return table_.next(row, index);
  }
  /// \overload
  [[nodiscard]] std::span<const page_id> view(std::size_t row) const noexcept requires
      contiguous_page_table<Table> {
    return table_.view(row);
  }
  /// \overload
  [[nodiscard]] std::span<const extent> extents(std::size_t row) const noexcept requires
      extent_page_table<Table> {
    return table_.extents(row);
  }
  /// \overload
  void export_to(std::size_t row, std::span<std::int32_t> out) const noexcept {
    table_.export_to(row, out);
  }
  /// \overload
  void export_part(std::size_t row, std::size_t first, std::span<std::int32_t> out) const noexcept {
    table::export_part(table_, row, first, out);
  }
  /// \overload
  void push_back(std::size_t row, page_id page) noexcept { table_.push_back(row, page); }
  /// \overload
  void push_holes(std::size_t row, std::size_t count) noexcept requires sparse_page_table<Table> {
    table_.push_holes(row, count);
  }
  /// \overload
  void fork(std::size_t parent, std::size_t child) noexcept { table_.fork(parent, child); }

  /// As `Table` does, and notes it.
  void replace(std::size_t row, std::size_t index, page_id page) noexcept {
    table_.replace(row, index, page);
    note(row, index, index + 1);
  }
  /// \overload
  void truncate(std::size_t row, std::size_t size) noexcept {
    const auto before = table_.size(row);
    table_.truncate(row, size);
    note(row, size, before);
  }
  /// \overload
  void punch(std::size_t row, std::size_t first,
             std::size_t end) noexcept requires sparse_page_table<Table> {
    table_.punch(row, first, end);
    note(row, first, end);
  }
  /// \overload
  void assign(std::size_t row, std::size_t first, std::span<const page_id> pages) noexcept {
    table::assign(table_, row, first, pages);
    note(row, first, first + pages.size());
  }
  /// \overload
  void splice(std::size_t row, std::size_t first, std::size_t other) noexcept {
    const auto before = table_.size(row);
    table::splice(table_, row, first, other);
    note(row, first, before);
  }

  /// The moment after all changes so far.
  [[nodiscard]] moment now() const noexcept { return moment{now_}; }

  /// Calls `visit(first, end)` for places of `row` that may have changed since `then`; see
  /// `tracking_page_table`.
  template <class Visit>
  void for_each_change(std::size_t row, moment then, Visit&& visit) const noexcept {
    const auto size = table_.size(row);
    const auto& log = logs_[row];
    if (static_cast<std::uint64_t>(then) >= log.last) return;
    if (static_cast<std::uint64_t>(then) < log.forgotten) {
      if (size != 0) visit(std::size_t{0}, size);
      return;
    }
    for (const auto& each : log.changes) {
      if (each.at <= static_cast<std::uint64_t>(then) || each.first >= size) continue;
      visit(std::size_t{each.first}, std::min<std::size_t>(each.end, size));
    }
  }

 private:
  struct change {
    std::uint64_t at = 0;  // when; 0 for none
    std::uint32_t first = 0;
    std::uint32_t end = 0;
  };
  struct change_log {
    std::array<change, 4> changes{};  // none of them within a later one
    std::uint64_t last = 0;           // when the last one was
    std::uint64_t forgotten = 0;      // when the last one was that is not known any more
  };

  // Replaces what it covers, or else the oldest change.
  void note(std::size_t row, std::size_t first, std::size_t end) noexcept {
    if (first == end) return;
    const change made{++now_, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(end)};
    auto& log = logs_[row];
    for (auto& each : log.changes) {
      if (each.first >= made.first && each.end <= made.end) each = {};
    }
    auto& oldest = *std::ranges::min_element(log.changes, {}, &change::at);
    log.forgotten = std::max(log.forgotten, oldest.at);
    oldest = made;
    log.last = made.at;
  }

  Table table_;
  std::vector<change_log> logs_;
  std::uint64_t now_ = 0;
};

}  // namespace kvfolio::table
