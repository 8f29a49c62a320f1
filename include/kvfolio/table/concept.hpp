// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Stands in a row where a page was, or never came: a hole. Kernels read it as -1, unless an export
/// puts something else there.
inline constexpr page_id no_page{UINT32_MAX};

/// The page tables of many sequences: rows, each a list of page ids.
///
/// A table knows nothing of pins; it maps positions to ids, and forks cheaply. With `row` and
/// `other` in `[0, rows)`, `index` a place in the row, `page` a `page_id`:
///
/// | expression                | meaning                                           | requires       |
/// |---------------------------|---------------------------------------------------|----------------|
/// | `T(rows, length)`         | `rows` empty rows of at most `length` pages; the  |                |
/// |                           | only operation that may throw or allocate         |                |
/// | `size(row)`               | number of pages                                   |                |
/// | `at(row, index)`          | the page at `index`                               | in the row     |
/// | `back(row)`               | the last page                                     | row not empty  |
/// | `push_back(row, page)`    | adds `page` at the end                            | below `length` |
/// | `replace(row, index,      | puts `page` in the place of another               | in the row     |
/// | page)`                    |                                                   |                |
/// | `truncate(row, size)`     | drops the pages from `size` on                    | not longer     |
/// | `fork(row, other)`        | makes `other` equal to `row`, and then            | `other` is     |
/// |                           | independent of it                                 | empty, another |
/// | `export_to(row, out)`     | writes the ids to the front of `out`              | it is as long  |
///
/// Rows are independent: what is done to one changes no other. `no_page` is an id like any other,
/// but to a `sparse_page_table`.
// clang-format off
template <class T>
concept page_table =
    std::movable<T> && std::constructible_from<T, std::size_t, std::size_t> &&
    requires(T& table, const T& unchanging, std::size_t row, std::size_t index, page_id page,
             std::span<std::int32_t> out) {
      { unchanging.size(row) }           noexcept -> std::same_as<std::size_t>;
      { unchanging.at(row, index) }      noexcept -> std::same_as<page_id>;
      { unchanging.back(row) }           noexcept -> std::same_as<page_id>;
      { table.push_back(row, page) }     noexcept -> std::same_as<void>;
      { table.replace(row, index, page)} noexcept -> std::same_as<void>;
      { table.truncate(row, index) }     noexcept -> std::same_as<void>;
      { table.fork(row, row) }           noexcept -> std::same_as<void>;
      { unchanging.export_to(row, out) } noexcept -> std::same_as<void>;
    };

/// A `page_table` whose rows lie in one piece: `view(row)` is a `std::span<const page_id>`, valid
/// until the row changes.
template <class T>
concept contiguous_page_table =
    page_table<T> &&
    requires(const T& table, std::size_t row) {
      { table.view(row) } noexcept -> std::same_as<std::span<const page_id>>;
    };
// clang-format on

/// Exports parts of rows.
///
/// | expression                     | meaning                                     | requires         |
/// |--------------------------------|---------------------------------------------|------------------|
/// | `export_part(row, first, out)` | fills `out` with the ids from `first` on    | the row has them |
// clang-format off
template <class T>
concept partial_page_table =
    page_table<T> &&
    requires(const T& table, std::size_t row, std::size_t first, std::span<std::int32_t> out) {
      { table.export_part(row, first, out) } noexcept -> std::same_as<void>;
    };
// clang-format on

/// Gives up the storage of holes: for windows, which let go of what lies before them.
///
/// | expression               | meaning                                           | requires         |
/// |--------------------------|---------------------------------------------------|------------------|
/// | `punch(row, first, end)` | makes the places `[first, end)` holes             | in the row       |
/// | `push_holes(row, count)` | adds `count` holes at the end                     | within `length`  |
/// | `next(row, index)`       | the first place from `index` on that is no hole;  | not past the end |
/// |                          | `size(row)` if there is none                      |                  |
// clang-format off
template <class T>
concept sparse_page_table =
    page_table<T> &&
    requires(T& table, const T& unchanging, std::size_t row, std::size_t index) {
      { table.punch(row, index, index) } noexcept -> std::same_as<void>;
      { table.push_holes(row, index) }   noexcept -> std::same_as<void>;
      { unchanging.next(row, index) }    noexcept -> std::same_as<std::size_t>;
    };
// clang-format on

/// Changes many places of a row at once, and faster than one by one, which `table::assign` and
/// `table::splice` do with any other table.
///
/// | expression                  | meaning                                        | requires         |
/// |-----------------------------|------------------------------------------------|------------------|
/// | `assign(row, first, pages)` | puts `pages` in the places from `first` on     | in the row       |
/// | `splice(row, first, other)` | moves the pages from `first` on to the end of  | `other` has room |
/// |                             | `other`                                        | and is another   |
// clang-format off
template <class T>
concept splicing_page_table =
    page_table<T> &&
    requires(T& table, std::size_t row, std::size_t first, std::span<const page_id> pages) {
      { table.assign(row, first, pages) } noexcept -> std::same_as<void>;
      { table.splice(row, first, row) }   noexcept -> std::same_as<void>;
    };
// clang-format on

namespace table {

/// Pages with consecutive ids at consecutive places of a row, or holes there: up to where the next
/// one begins, or to the end of the row.
struct extent {
  std::uint32_t place;  ///< where it begins in the row
  page_id page;         ///< the page there; `no_page` if it is of holes

  /// Equal in both.
  friend constexpr bool operator==(const extent&, const extent&) = default;
};

/// A state of page tables; later ones are greater.
enum class moment : std::uint64_t {};

}  // namespace table

/// Keeps its rows as extents: `extents(row)` is a `std::span<const table::extent>`, in order and as
/// few as there can be, valid until the row changes.
// clang-format off
template <class T>
concept extent_page_table =
    page_table<T> &&
    requires(const T& table, std::size_t row) {
      { table.extents(row) } noexcept -> std::same_as<std::span<const table::extent>>;
    };
// clang-format on

/// Remembers what changed, for those who keep copies of rows.
///
/// | expression                          | meaning                                                |
/// |-------------------------------------|--------------------------------------------------------|
/// | `now()`                             | the moment after all changes so far                    |
/// | `for_each_change(row, then, visit)` | calls `visit(first, end)` for ranges of places that    |
/// |                                     | hold every one that the row had at the moment `then`,  |
/// |                                     | and has, and that changed since; perhaps others too    |
///
/// Places that were added since need not be in them. A row that was emptied since, and filled
/// again, has changed everywhere.
// clang-format off
template <class T>
concept tracking_page_table =
    partial_page_table<T> &&
    requires(const T& table, std::size_t row, table::moment then,
             void (&visit)(std::size_t, std::size_t) noexcept) {
      { table.now() }                             noexcept -> std::same_as<table::moment>;
      { table.for_each_change(row, then, visit) } noexcept -> std::same_as<void>;
    };
// clang-format on

}  // namespace kvfolio
