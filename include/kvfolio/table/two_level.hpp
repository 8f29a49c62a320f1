// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/table/concept.hpp>

namespace kvfolio::table {

/// Rows of leaves of 64 pages, which forks share until they write, and which holes do without: a
/// row of a sliding window keeps the leaves that its window touches, however long it grows.
///
/// As the two-level page tables of processors, with the counted leaves of shared page tables
/// (McCracken, "Sharing page tables in the Linux kernel", OLS 2003). A leaf of holes alone is one
/// for all rows. `at`, `back`, `push_back` and `replace` are O(1), the first change of a shared
/// leaf copies its 256 bytes; `fork` counts the leaves, O(length / 64); `punch` and `next` are
/// O(places / 64 + 64). The arena holds every row at full length, unshared, so no operation can
/// fail: about `4.2 * length` bytes of address space a row, of which the operating system provides
/// only what is written. One owner thread.
class two_level {
 public:
  /// Creates `rows` empty rows of at most `length` pages. \throws std::bad_alloc
  /// \throws std::length_error if the rows have more leaves than can be counted
  two_level(std::size_t rows, std::size_t length)
      : width_{ceil_div(length, leaf_pages)}, length_{length}, sizes_(rows) {
    const auto links = checked_mul(rows, width_);
    if (links >= UINT32_MAX) throw std::length_error("kvfolio: too many page-table leaves");
    links_ = raw_array<std::uint32_t>(links);
    leaves_ = raw_array<leaf>(links + 1);
    owners_ = raw_array<std::uint32_t>(links + 1);
    free_ = raw_array<std::uint32_t>(links + 1);
    leaves_[holes].pages.fill(no_page);
    owners_[holes] = 1;  // itself, so that it is shared whenever a row has it, and never freed
  }

  /// Number of places of `row`. Precondition: `row` exists, here and below.
  [[nodiscard]] std::size_t size(std::size_t row) const noexcept {
    KVFOLIO_EXPECTS(row < sizes_.size());
    return sizes_[row];
  }

  /// The page at `index`, or `no_page`. Precondition: `index < size(row)`.
  [[nodiscard]] page_id at(std::size_t row, std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index < size(row));
    return leaf_of(row, index)[index % leaf_pages];
  }

  /// The last page, or `no_page`. Precondition: `size(row) > 0`.
  [[nodiscard]] page_id back(std::size_t row) const noexcept { return at(row, size(row) - 1); }

  /// The first place from `index` on that is no hole; `size(row)` if there is none. Precondition:
  /// `index <= size(row)`.
  [[nodiscard]] std::size_t next(std::size_t row, std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index <= size(row));
    while (index < sizes_[row]) {
      if (link(row, index) == holes) {
        index = std::min(end_of_leaf(index), sizes_[row]);
      } else if (at(row, index) == no_page) {
        ++index;
      } else {
        break;
      }
    }
    return index;
  }

  /// Adds `page` at the end. Precondition: the row is not full.
  void push_back(std::size_t row, page_id page) noexcept {
    KVFOLIO_EXPECTS(size(row) < length_);
    const auto index = sizes_[row]++;
    if (index % leaf_pages == 0) link_to_holes(row, index);
    if (page != no_page || link(row, index) != holes) own(row, index)[index % leaf_pages] = page;
  }

  /// Adds `count` holes at the end. Precondition: the row has room for them.
  void push_holes(std::size_t row, std::size_t count) noexcept {
    KVFOLIO_EXPECTS(count <= length_ - size(row));
    auto& end = sizes_[row];
    const auto size = end + count;
    if (end % leaf_pages != 0 && link(row, end) != holes) {
      // What lies beyond the end of a row means nothing.
      const auto stop = std::min(size, end_of_leaf(end));
      fill_holes(own(row, end), end, stop);
      end = stop;
    }
    for (auto at = ceil_div(end, leaf_pages) * leaf_pages; at < size; at += leaf_pages) {
      link_to_holes(row, at);
    }
    end = size;
  }

  /// Puts `page` at `index`. Precondition: `index < size(row)`.
  void replace(std::size_t row, std::size_t index, page_id page) noexcept {
    KVFOLIO_EXPECTS(index < size(row));
    if (page == no_page) return punch(row, index, index + 1);
    own(row, index)[index % leaf_pages] = page;
  }

  /// Makes the places `[first, end)` holes, and gives up the leaves that have no page left.
  /// Precondition: `first <= end <= size(row)`.
  void punch(std::size_t row, std::size_t first, std::size_t end) noexcept {
    KVFOLIO_EXPECTS(first <= end && end <= size(row));
    for (std::size_t stop = first; first < end; first = stop) {
      stop = std::min(end, end_of_leaf(first));
      const auto id = link(row, first);
      if (id == holes) continue;
      const auto begin = end_of_leaf(first) - leaf_pages;
      const auto after = std::min(sizes_[row], end_of_leaf(first));
      if (only_holes(row, stop, after) && only_holes(row, begin, first)) {
        drop(id);
        link_to_holes(row, first);
      } else {
        fill_holes(own(row, first), first, stop);
      }
    }
  }

  /// Drops the places from `size` on. Precondition: `size <= size(row)`.
  void truncate(std::size_t row, std::size_t size) noexcept {
    KVFOLIO_EXPECTS(size <= this->size(row));
    const auto keep = ceil_div(size, leaf_pages) * leaf_pages;
    for (auto at = keep; at < sizes_[row]; at += leaf_pages) drop(link(row, at));
    sizes_[row] = size;
  }

  /// Makes `child` equal to `parent`. O(size / 64). Precondition: `child` is empty, and not
  /// `parent`.
  void fork(std::size_t parent, std::size_t child) noexcept {
    KVFOLIO_EXPECTS(parent != child && size(child) == 0);
    for (std::size_t at = 0; at < sizes_[parent]; at += leaf_pages) {
      ++owners_[link(child, at) = link(parent, at)];
    }
    sizes_[child] = sizes_[parent];
  }

  /// Writes the ids of `row` to the front of `out`. Precondition: `out.size() >= size(row)`.
  void export_to(std::size_t row, std::span<std::int32_t> out) const noexcept {
    KVFOLIO_EXPECTS(out.size() >= size(row));
    export_part(row, 0, out.first(size(row)));
  }

  /// Fills `out` with the ids from `first` on. Precondition: `first + out.size() <= size(row)`.
  void export_part(std::size_t row, std::size_t first, std::span<std::int32_t> out) const noexcept {
    KVFOLIO_EXPECTS(first <= size(row) && out.size() <= size(row) - first);
    static_assert(sizeof(page_id) == sizeof(std::int32_t));
    while (!out.empty()) {
      const auto count = std::min(out.size(), end_of_leaf(first) - first);
      std::memcpy(out.data(), &leaf_of(row, first)[first % leaf_pages], count * sizeof(page_id));
      out = out.subspan(count);
      first += count;
    }
  }

  /// Number of leaves in use, by all rows together.
  [[nodiscard]] std::size_t leaves() const noexcept { return fresh_ - 1 - free_size_; }

 private:
  static constexpr std::size_t leaf_pages = 64;
  static constexpr std::uint32_t holes = 0;  // the leaf of holes alone

  using page_ids = std::array<page_id, leaf_pages>;
  struct alignas(64) leaf {
    page_ids pages;
  };

  [[nodiscard]] static constexpr std::size_t end_of_leaf(std::size_t index) noexcept {
    return (index / leaf_pages + 1) * leaf_pages;
  }
  static void fill_holes(page_ids& pages, std::size_t first, std::size_t end) noexcept {
    std::fill_n(&pages[first % leaf_pages], end - first, no_page);
  }

  [[nodiscard]] std::uint32_t& link(std::size_t row, std::size_t index) noexcept {
    return links_[row * width_ + index / leaf_pages];
  }
  [[nodiscard]] std::uint32_t link(std::size_t row, std::size_t index) const noexcept {
    return links_[row * width_ + index / leaf_pages];
  }
  void link_to_holes(std::size_t row, std::size_t index) noexcept {
    link(row, index) = holes;
    ++owners_[holes];
  }
  [[nodiscard]] const page_ids& leaf_of(std::size_t row, std::size_t index) const noexcept {
    return leaves_[link(row, index)].pages;
  }

  // Are `[first, end)`, places of one leaf, all holes?
  [[nodiscard]] bool only_holes(std::size_t row, std::size_t first,
                                std::size_t end) const noexcept {
    while (first != end && at(row, first) == no_page) ++first;
    return first == end;
  }

  // The leaf of `index`, when no other row has it.
  [[nodiscard]] page_ids& own(std::size_t row, std::size_t index) noexcept {
    auto& id = link(row, index);
    if (owners_[id] > 1) {
      const auto copy =
          free_size_ != 0 ? free_[--free_size_] : static_cast<std::uint32_t>(fresh_++);
      leaves_[copy] = leaves_[id];
      owners_[copy] = 1;
      --owners_[std::exchange(id, copy)];
    }
    return leaves_[id].pages;
  }

  void drop(std::uint32_t id) noexcept {
    if (--owners_[id] == 0) free_[free_size_++] = id;
  }

  std::size_t width_;                    // leaves of a full row
  [[maybe_unused]] std::size_t length_;  // for preconditions alone
  raw_array<std::uint32_t> links_;       // by row and leaf
  raw_array<leaf> leaves_;
  raw_array<std::uint32_t> owners_;  // by leaf: links to it
  raw_array<std::uint32_t> free_;
  std::vector<std::size_t> sizes_;
  std::size_t fresh_ = 1;      // leaves that were ever used, and that of holes
  std::size_t free_size_ = 0;  // of those, not in use
};

static_assert(sparse_page_table<two_level> && partial_page_table<two_level>);

}  // namespace kvfolio::table
