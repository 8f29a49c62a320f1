// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/table/concept.hpp>

namespace kvfolio::table {

/// Rows of one array each, as kernels read them. The default.
///
/// `fork` copies the row, about 0.06 ns a page; `export_to` is a `memcpy`; all else is O(1). Costs
/// `4 * rows * length` bytes of address space, of which the operating system provides only what is
/// written. One owner thread.
class flat {
 public:
  /// Creates `rows` empty rows of at most `length` pages. \throws std::bad_alloc
  /// \throws std::length_error if the rows have more pages than can be counted
  flat(std::size_t rows, std::size_t length)
      : pages_{checked_mul(rows, length)}, sizes_(rows), length_{length} {}

  /// Number of pages of `row`. Precondition: `row` exists, here and below.
  [[nodiscard]] std::size_t size(std::size_t row) const noexcept {
    KVFOLIO_EXPECTS(row < sizes_.size());
    return sizes_[row];
  }

  /// The page at `index`. Precondition: `index < size(row)`.
  [[nodiscard]] page_id at(std::size_t row, std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index < size(row));
    return begin(row)[index];
  }

  /// The last page. Precondition: `size(row) > 0`.
  [[nodiscard]] page_id back(std::size_t row) const noexcept { return at(row, size(row) - 1); }

  /// The row. Valid until it changes.
  [[nodiscard]] std::span<const page_id> view(std::size_t row) const noexcept {
    return {begin(row), size(row)};
  }

  /// Adds `page` at the end. Precondition: the row is not full.
  void push_back(std::size_t row, page_id page) noexcept {
    KVFOLIO_EXPECTS(size(row) < length_);
    begin(row)[sizes_[row]++] = page;
  }

  /// Puts `page` at `index`. Precondition: `index < size(row)`.
  void replace(std::size_t row, std::size_t index, page_id page) noexcept {
    KVFOLIO_EXPECTS(index < size(row));
    begin(row)[index] = page;
  }

  /// Drops the pages from `size` on. Precondition: `size <= size(row)`.
  void truncate(std::size_t row, std::size_t size) noexcept {
    KVFOLIO_EXPECTS(size <= this->size(row));
    sizes_[row] = size;
  }

  /// Makes `child` equal to `parent`. O(size). Precondition: `child` is empty, and not `parent`.
  void fork(std::size_t parent, std::size_t child) noexcept {
    KVFOLIO_EXPECTS(parent != child && size(child) == 0);
    if (sizes_[parent] != 0) {
      std::memcpy(begin(child), begin(parent), sizes_[parent] * sizeof(page_id));
    }
    sizes_[child] = sizes_[parent];
  }

  /// Writes the ids of `row` to the front of `out`. Precondition: `out.size() >= size(row)`.
  void export_to(std::size_t row, std::span<std::int32_t> out) const noexcept {
    KVFOLIO_EXPECTS(out.size() >= size(row));
    static_assert(sizeof(page_id) == sizeof(std::int32_t));
    if (size(row) != 0) std::memcpy(out.data(), begin(row), size(row) * sizeof(page_id));
  }

  /// Fills `out` with the ids from `first` on. Precondition: `first + out.size() <= size(row)`.
  void export_part(std::size_t row, std::size_t first, std::span<std::int32_t> out) const noexcept {
    KVFOLIO_EXPECTS(first <= size(row) && out.size() <= size(row) - first);
    if (!out.empty()) std::memcpy(out.data(), begin(row) + first, out.size_bytes());
  }

  /// Puts `pages` in the places from `first` on; a `memcpy`. Precondition: they are in the row, and
  /// `pages` is no part of it.
  void assign(std::size_t row, std::size_t first, std::span<const page_id> pages) noexcept {
    KVFOLIO_EXPECTS(first <= size(row) && pages.size() <= size(row) - first);
    if (!pages.empty()) std::memcpy(begin(row) + first, pages.data(), pages.size_bytes());
  }

  /// Moves the pages from `first` on to the end of `other`; a `memcpy`. Precondition: `first <=
  /// size(row)`, and `other` is another row and has room for them.
  void splice(std::size_t row, std::size_t first, std::size_t other) noexcept {
    KVFOLIO_EXPECTS(row != other && first <= size(row));
    const auto moved = view(row).subspan(first);
    KVFOLIO_EXPECTS(moved.size() <= length_ - size(other));
    const auto end = sizes_[other];
    sizes_[other] += moved.size();
    assign(other, end, moved);
    sizes_[row] = first;
  }

 private:
  [[nodiscard]] page_id* begin(std::size_t row) noexcept { return pages_.data() + row * length_; }
  [[nodiscard]] const page_id* begin(std::size_t row) const noexcept {
    return pages_.data() + row * length_;
  }

  raw_array<page_id> pages_;
  std::vector<std::size_t> sizes_;
  std::size_t length_;
};

static_assert(contiguous_page_table<flat> && splicing_page_table<flat>);
static_assert(partial_page_table<flat>);

}  // namespace kvfolio::table
