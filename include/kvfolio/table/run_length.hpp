// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/table/concept.hpp>

namespace kvfolio::table {

/// Rows of extents, pages with consecutive ids, as file systems keep their blocks (McVoy, Kleiman,
/// "Extent-like performance from a UNIX file system", USENIX 1991): for allocators that hand out
/// consecutive pages, and for copies that want few long pieces.
///
/// With `E` extents in a row: `back` and `push_back` are O(1), `at` and `truncate` O(log E), `fork`
/// copies them, O(E); what changes places in the middle is O(E). A hole is an extent as any other.
/// The arena holds every row at full length in the worst order, so no operation can fail:
/// `8 * length` bytes of address space a row, of which the operating system provides only what is
/// written. One owner thread.
class run_length {
 public:
  /// Creates `rows` empty rows of at most `length` pages. \throws std::bad_alloc
  /// \throws std::length_error if the rows have more pages than can be counted
  run_length(std::size_t rows, std::size_t length)
      : extents_{checked_mul(rows, length)}, rows_(rows), length_{length} {
    if (length > UINT32_MAX) throw std::length_error("kvfolio: a row has too many pages");
  }

  /// Number of places of `row`. Precondition: `row` exists, here and below.
  [[nodiscard]] std::size_t size(std::size_t row) const noexcept {
    KVFOLIO_EXPECTS(row < rows_.size());
    return rows_[row].size;
  }

  /// The page at `index`, or `no_page`. Precondition: `index < size(row)`.
  [[nodiscard]] page_id at(std::size_t row, std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index < size(row));
    return page_of(extents(row)[find(row, index)], index);
  }

  /// The last page, or `no_page`. Precondition: `size(row) > 0`.
  [[nodiscard]] page_id back(std::size_t row) const noexcept {
    KVFOLIO_EXPECTS(size(row) > 0);
    return page_of(extents(row).back(), size(row) - 1);
  }

  /// The row, in as few extents as there can be. Valid until it changes.
  [[nodiscard]] std::span<const extent> extents(std::size_t row) const noexcept {
    KVFOLIO_EXPECTS(row < rows_.size());
    return {begin(row), rows_[row].count};
  }

  /// The first place from `index` on that is no hole; `size(row)` if there is none. Precondition:
  /// `index <= size(row)`.
  [[nodiscard]] std::size_t next(std::size_t row, std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index <= size(row));
    if (index == size(row) || at(row, index) != no_page) return index;
    return end_of(row, find(row, index));
  }

  /// Adds `page` at the end. Precondition: the row is not full.
  void push_back(std::size_t row, page_id page) noexcept { push_run(row, page, 1); }

  /// Adds `count` holes at the end. Precondition: the row has room for them.
  void push_holes(std::size_t row, std::size_t count) noexcept {
    if (count != 0) push_run(row, no_page, count);
  }

  /// Puts `page` at `index`. Precondition: `index < size(row)`.
  void replace(std::size_t row, std::size_t index, page_id page) noexcept {
    KVFOLIO_EXPECTS(index < size(row));
    put(row, index, index + 1, page);
  }

  /// Makes the places `[first, end)` holes. Precondition: `first <= end <= size(row)`.
  void punch(std::size_t row, std::size_t first, std::size_t end) noexcept {
    KVFOLIO_EXPECTS(first <= end && end <= size(row));
    if (first != end) put(row, first, end, no_page);
  }

  /// Puts `pages` in the places from `first` on. Precondition: they are in the row.
  void assign(std::size_t row, std::size_t first, std::span<const page_id> pages) noexcept {
    KVFOLIO_EXPECTS(first <= size(row) && pages.size() <= size(row) - first);
    while (!pages.empty()) {
      const extent run{static_cast<std::uint32_t>(first), pages[0]};
      std::size_t count = 1;
      while (count < pages.size() && page_of(run, first + count) == pages[count]) ++count;
      put(row, first, first + count, pages[0]);
      pages = pages.subspan(count);
      first += count;
    }
  }

  /// Moves the pages from `first` on to the end of `other`. Precondition: `first <= size(row)`, and
  /// `other` is another row and has room for them.
  void splice(std::size_t row, std::size_t first, std::size_t other) noexcept {
    KVFOLIO_EXPECTS(row != other && first <= size(row));
    const auto end = size(row);
    for (auto from = first; from != end;) {
      const auto which = find(row, from);
      const auto stop = end_of(row, which);
      push_run(other, page_of(extents(row)[which], from), stop - from);
      from = stop;
    }
    truncate(row, first);
  }

  /// Drops the places from `size` on. Precondition: `size <= size(row)`.
  void truncate(std::size_t row, std::size_t size) noexcept {
    KVFOLIO_EXPECTS(size <= this->size(row));
    rows_[row] = {size, size == 0 ? 0 : find(row, size - 1) + 1};
  }

  /// Makes `child` equal to `parent`. Precondition: `child` is empty, and not `parent`.
  void fork(std::size_t parent, std::size_t child) noexcept {
    KVFOLIO_EXPECTS(parent != child && size(child) == 0);
    const auto all = extents(parent);
    if (!all.empty()) std::memcpy(begin(child), all.data(), all.size_bytes());
    rows_[child] = rows_[parent];
  }

  /// Writes the ids of `row` to the front of `out`. Precondition: `out.size() >= size(row)`.
  void export_to(std::size_t row, std::span<std::int32_t> out) const noexcept {
    KVFOLIO_EXPECTS(out.size() >= size(row));
    export_part(row, 0, out.first(size(row)));
  }

  /// Fills `out` with the ids from `first` on. Precondition: `first + out.size() <= size(row)`.
  void export_part(std::size_t row, std::size_t first, std::span<std::int32_t> out) const noexcept {
    KVFOLIO_EXPECTS(first <= size(row) && out.size() <= size(row) - first);
    if (out.empty()) return;
    const auto end = first + out.size();
    const auto* run = begin(row) + find(row, first);
    const auto* const last = begin(row) + rows_[row].count - 1;
    for (auto* to = out.data(); first != end; ++run) {
      const auto stop = run == last ? end : std::min<std::size_t>(end, run[1].place);
      auto id = static_cast<std::uint32_t>(page_of(*run, first));
      const auto step = run->page == no_page ? 0U : 1U;
      for (; first != stop; ++first, id += step) *to++ = static_cast<std::int32_t>(id);
    }
  }

 private:
  struct row_state {
    std::size_t size = 0;   // places
    std::size_t count = 0;  // extents
  };

  [[nodiscard]] static page_id page_of(const extent& run, std::size_t index) noexcept {
    return run.page == no_page ? no_page : to_page(to_index(run.page) + index - run.place);
  }

  [[nodiscard]] extent* begin(std::size_t row) noexcept { return extents_.data() + row * length_; }
  [[nodiscard]] const extent* begin(std::size_t row) const noexcept {
    return extents_.data() + row * length_;
  }

  // Number of the extent that `index` is in, which most often is the last one.
  [[nodiscard]] std::size_t find(std::size_t row, std::size_t index) const noexcept {
    const auto all = extents(row);
    if (all.back().place <= index) return all.size() - 1;
    const auto after = std::ranges::upper_bound(all, index, {}, &extent::place);
    return static_cast<std::size_t>(after - all.begin()) - 1;
  }

  // Where an extent ends.
  [[nodiscard]] std::size_t end_of(std::size_t row, std::size_t which) const noexcept {
    return which + 1 == rows_[row].count ? rows_[row].size : begin(row)[which + 1].place;
  }

  void push_run(std::size_t row, page_id page, std::size_t count) noexcept {
    KVFOLIO_EXPECTS(count <= length_ - size(row));
    auto& self = rows_[row];
    if (self.count == 0 || page_of(extents(row).back(), self.size) != page) {
      begin(row)[self.count++] = {static_cast<std::uint32_t>(self.size), page};
    }
    self.size += count;
  }

  // Makes the places `[first, end)` one extent that begins with `page`, and then as many extents as
  // there must be. Precondition: there is such a place.
  void put(std::size_t row, std::size_t first, std::size_t end, page_id page) noexcept {
    const auto cut = split(row, first);
    const auto rest = split(row, end);
    begin(row)[cut] = {static_cast<std::uint32_t>(first), page};
    erase(row, cut + 1, rest);
    join(row, cut + 1);
    join(row, cut);
  }

  // Makes an extent begin at `index`, if the row has that place, and returns its number.
  std::size_t split(std::size_t row, std::size_t index) noexcept {
    auto& self = rows_[row];
    if (index == self.size) return self.count;
    const auto which = find(row, index);
    const auto run = begin(row)[which];
    if (run.place == index) return which;
    std::copy_backward(begin(row) + which + 1, begin(row) + self.count,
                       begin(row) + self.count + 1);
    begin(row)[which + 1] = {static_cast<std::uint32_t>(index), page_of(run, index)};
    ++self.count;
    return which + 1;
  }

  // Makes two extents one, if the second goes on where the first one ends.
  void join(std::size_t row, std::size_t second) noexcept {
    if (second == 0 || second >= rows_[row].count) return;
    const auto run = begin(row)[second];
    if (page_of(begin(row)[second - 1], run.place) == run.page) erase(row, second, second + 1);
  }

  void erase(std::size_t row, std::size_t first, std::size_t end) noexcept {
    if (first == end) return;
    std::copy(begin(row) + end, begin(row) + rows_[row].count, begin(row) + first);
    rows_[row].count -= end - first;
  }

  raw_array<extent> extents_;  // by row
  std::vector<row_state> rows_;
  std::size_t length_;
};

static_assert(extent_page_table<run_length> && sparse_page_table<run_length>);
static_assert(splicing_page_table<run_length> && partial_page_table<run_length>);

}  // namespace kvfolio::table
