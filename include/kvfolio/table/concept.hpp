// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/core/types.hpp>

namespace kvfolio {

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
/// Rows are independent: what is done to one changes no other.
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

}  // namespace kvfolio
