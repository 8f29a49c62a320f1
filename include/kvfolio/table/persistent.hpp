// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/table/concept.hpp>

namespace kvfolio::table {

/// Rows that share what they have in common: a fork costs the same for a million pages as for one.
///
/// A row is a tree of 16-entry nodes, one cache line each, whose nodes are counted, and copied when
/// a row that shares them changes: path copying (Driscoll, Sarnak, Sleator, Tarjan, "Making data
/// structures persistent", JCSS 38, 1989) on a wide tree with its last leaf kept outside (the
/// vectors of Clojure, Hickey, 2007), so that what happens at the end of a row copies one node.
/// `fork`, `back` and, but for every 16th, `push_back` are O(1); `at`, `replace` and `truncate` are
/// O(log16 length). A truncation leaves nodes behind that the row gives up when it grows over them
/// or is emptied, which is O(nodes), without recursion.
///
/// For wide beams, and for rows beyond about a thousand pages; `table::flat` is faster elsewhere
/// and shows its rows as spans. The arena holds every row at full length, unshared, so no operation
/// can fail: about `4.8 * length + 72` bytes of address space a row, of which the operating system
/// provides only what is written. One owner thread.
class persistent {
 public:
  /// Creates `rows` empty rows of at most `length` pages. \throws std::bad_alloc
  /// \throws std::length_error if the rows have more nodes than can be counted
  persistent(std::size_t rows, std::size_t length) : rows_(rows), length_{length} {
    std::size_t nodes = 1;  // the last leaf
    for (auto width = ceil_div(length, fan_out); width > 1; width = ceil_div(width, fan_out)) {
      nodes = checked_add(nodes, width);
      ++height_;
    }
    capacity_ = checked_mul(rows, checked_add(nodes, height_ > 0 ? 1 : 0));
    if (capacity_ >= null) throw std::length_error("kvfolio: too many page-table nodes");
    nodes_ = raw_array<node>(capacity_);
    owners_ = raw_array<std::uint32_t>(capacity_);
    free_ = raw_array<std::uint32_t>(capacity_);
  }

  /// Number of pages of `row`. Precondition: `row` exists, here and below.
  [[nodiscard]] std::size_t size(std::size_t row) const noexcept {
    KVFOLIO_EXPECTS(row < rows_.size());
    return rows_[row].size;
  }

  /// The page at `index`. Precondition: `index < size(row)`.
  [[nodiscard]] page_id at(std::size_t row, std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index < size(row));
    return page_id{nodes_[leaf(rows_[row], index)].entries[index % fan_out]};
  }

  /// The last page. Precondition: `size(row) > 0`.
  [[nodiscard]] page_id back(std::size_t row) const noexcept {
    KVFOLIO_EXPECTS(size(row) > 0);
    return page_id{nodes_[rows_[row].tail].entries[(rows_[row].size - 1) % fan_out]};
  }

  /// Adds `page` at the end. Precondition: the row is not full.
  void push_back(std::size_t row, page_id page) noexcept {
    KVFOLIO_EXPECTS(size(row) < length_);
    auto& self = rows_[row];
    if (self.size == 0) {
      self.tail = make();
    } else if (self.size % fan_out == 0) {
      file_tail(self);
      self.tail = make();
    }
    ++self.size;
    own_tail(self).entries[(self.size - 1) % fan_out] = static_cast<std::uint32_t>(page);
  }

  /// Puts `page` at `index`. Precondition: `index < size(row)`.
  void replace(std::size_t row, std::size_t index, page_id page) noexcept {
    KVFOLIO_EXPECTS(index < size(row));
    auto& self = rows_[row];
    auto& entries = index >= filed(self) ? own_tail(self).entries : own_leaf(self, index).entries;
    entries[index % fan_out] = static_cast<std::uint32_t>(page);
  }

  /// Drops the pages from `size` on. Precondition: `size <= size(row)`.
  void truncate(std::size_t row, std::size_t size) noexcept {
    KVFOLIO_EXPECTS(size <= this->size(row));
    auto& self = rows_[row];
    if (size == 0) {
      if (self.root != null) drop(std::exchange(self.root, null), height_);
      if (self.tail != null) drop(std::exchange(self.tail, null), 0);
    } else if (size <= filed(self)) {
      const auto last_leaf = descend(self, size - 1, 0);
      ++owners_[last_leaf];
      drop(std::exchange(self.tail, last_leaf), 0);
    }
    self.size = size;
  }

  /// Makes `child` equal to `parent`. Precondition: `child` is empty, and not `parent`.
  void fork(std::size_t parent, std::size_t child) noexcept {
    KVFOLIO_EXPECTS(parent != child && size(child) == 0);
    const auto& shared = rows_[parent];
    if (shared.root != null) ++owners_[shared.root];
    if (shared.tail != null) ++owners_[shared.tail];
    rows_[child] = shared;
  }

  /// Writes the ids of `row` to the front of `out`. Precondition: `out.size() >= size(row)`.
  void export_to(std::size_t row, std::span<std::int32_t> out) const noexcept {
    KVFOLIO_EXPECTS(out.size() >= size(row));
    export_part(row, 0, out.first(size(row)));
  }

  /// Fills `out` with the ids from `first` on. Precondition: `first + out.size() <= size(row)`.
  void export_part(std::size_t row, std::size_t first, std::span<std::int32_t> out) const noexcept {
    KVFOLIO_EXPECTS(first <= size(row) && out.size() <= size(row) - first);
    const auto& self = rows_[row];
    const auto in_tree = filed(self);
    const auto end = first + out.size();
    // Up to a leaf, then leaf by leaf below each of their parents, then what is left of the last.
    for (; first < end && first % fan_out != 0; ++first, out = out.subspan(1)) {
      out[0] = static_cast<std::int32_t>(at(row, first));
    }
    while (first < in_tree && end - first >= fan_out) {
      const auto& leaves = nodes_[descend(self, first, 1)].entries;
      const auto begin = first / fan_out % fan_out;
      const auto count = std::min(fan_out - begin, (std::min(in_tree, end) - first) / fan_out);
      for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(out.data() + i * fan_out, &nodes_[leaves[begin + i]], sizeof(node));
      }
      out = out.subspan(count * fan_out);
      first += count * fan_out;
    }
    if (!out.empty()) std::memcpy(out.data(), &nodes_[leaf(self, first)], out.size_bytes());
  }

  /// Number of nodes in use, by all rows together.
  [[nodiscard]] std::size_t nodes() const noexcept { return fresh_ - free_size_; }

 private:
  static constexpr std::size_t fan_out = 16;
  static constexpr std::uint32_t null = UINT32_MAX;

  // Page ids in a leaf, nodes above. What lies beyond a row's end means nothing in its leaves;
  // above them it is null, or what a truncation left.
  struct alignas(64) node {
    std::array<std::uint32_t, fan_out> entries;
  };
  struct row_state {
    std::uint32_t root = null;  // at level `height_`, of all leaves but the last
    std::uint32_t tail = null;  // the last leaf
    std::size_t size = 0;
  };

  // Pages below one entry of a node at `level`, where leaves are at 0, as a power of two.
  [[nodiscard]] static constexpr std::size_t shift(std::size_t level) noexcept { return 4 * level; }

  // Pages that are in the tree.
  [[nodiscard]] static std::size_t filed(const row_state& row) noexcept {
    return row.size == 0 ? 0 : (row.size - 1) / fan_out * fan_out;
  }

  // The node at `level` above the leaf of `index`. Precondition: that leaf is in the tree.
  [[nodiscard]] std::uint32_t descend(const row_state& row, std::size_t index,
                                      std::size_t level) const noexcept {
    auto id = row.root;
    for (auto above = height_; above > level; --above) {
      id = nodes_[id].entries[(index >> shift(above)) % fan_out];
    }
    return id;
  }

  [[nodiscard]] std::uint32_t leaf(const row_state& row, std::size_t index) const noexcept {
    return index >= filed(row) ? row.tail : descend(row, index, 0);
  }

  // The last leaf, when no other row has it.
  [[nodiscard]] node& own_tail(row_state& row) noexcept {
    if (owners_[row.tail] > 1) row.tail = clone(row.tail);
    return nodes_[row.tail];
  }

  // The leaf of `index` in the tree, when no other row has it, or any node on the way there.
  [[nodiscard]] node& own_leaf(row_state& row, std::size_t index) noexcept {
    auto* link = &row.root;
    for (auto level = height_; level > 0; --level) {
      if (owners_[*link] > 1) *link = clone(*link, level, filed(row), index);
      link = &nodes_[*link].entries[(index >> shift(level)) % fan_out];
    }
    if (owners_[*link] > 1) *link = clone(*link);
    return nodes_[*link];
  }

  // Puts the last leaf, which is full, into the tree.
  void file_tail(row_state& row) noexcept {
    const auto index = row.size - fan_out;
    auto* link = &row.root;
    for (auto level = height_; level > 0; --level) {
      const bool begins_here = index % (fan_out << shift(level)) == 0;
      if (begins_here && *link != null) drop(std::exchange(*link, null), level);
      if (*link == null) {
        *link = make();
      } else if (owners_[*link] > 1) {
        *link = clone(*link, level, index, index);
      }
      link = &nodes_[*link].entries[(index >> shift(level)) % fan_out];
    }
    if (*link != null) drop(*link, 0);
    *link = row.tail;
  }

  // A node with one owner and whatever was in it.
  [[nodiscard]] std::uint32_t take() noexcept {
    KVFOLIO_EXPECTS(free_size_ != 0 || fresh_ < capacity_);
    const auto id = free_size_ != 0 ? free_[--free_size_] : static_cast<std::uint32_t>(fresh_++);
    owners_[id] = 1;
    return id;
  }

  [[nodiscard]] std::uint32_t make() noexcept {
    const auto id = take();
    nodes_[id].entries.fill(null);
    return id;
  }

  // A copy of a shared leaf.
  [[nodiscard]] std::uint32_t clone(std::uint32_t shared) noexcept {
    const auto id = take();
    nodes_[id] = nodes_[shared];
    --owners_[shared];
    return id;
  }

  // A copy of a shared node above the leaves, on the way to `index`, without what lies beyond the
  // first `filed` pages.
  [[nodiscard]] std::uint32_t clone(std::uint32_t shared, std::size_t level, std::size_t filed,
                                    std::size_t index) noexcept {
    const auto id = clone(shared);
    const auto first = index >> shift(level + 1) << shift(level + 1);
    const auto used = ceil_div(filed - first, std::size_t{1} << shift(level));
    for (std::size_t i = 0; i < fan_out; ++i) {
      auto& child = nodes_[id].entries[i];
      if (i >= used) child = null;
      if (child != null) ++owners_[child];
    }
    return id;
  }

  // Gives up one pointer to a node at `level`, and every node that nobody points to any more: depth
  // first, with the way back on a stack as deep as the tree.
  [[gnu::always_inline]] void drop(std::uint32_t id, std::size_t level) noexcept {
    if (--owners_[id] == 0) dismantle(id, level);
  }
  [[gnu::noinline]] void dismantle(std::uint32_t id, std::size_t level) noexcept {
    struct visit {
      std::uint32_t id;
      std::uint32_t next;  // entry to look at
    };
    std::array<visit, 8> path;  // 16^8 pages  NOLINT(*-member-init): written before it is read
    path[0] = {id, 0};
    for (std::size_t depth = 1; depth != 0;) {
      auto& top = path[depth - 1];
      if (depth == level + 1 || top.next == fan_out) {
        free_[free_size_++] = top.id;
        --depth;
        continue;
      }
      const auto child = nodes_[top.id].entries[top.next++];
      if (child != null && --owners_[child] == 0) path[depth++] = {child, 0};
    }
  }

  raw_array<node> nodes_;
  raw_array<std::uint32_t> owners_;  // by node: rows and nodes that point to it
  raw_array<std::uint32_t> free_;
  std::vector<row_state> rows_;
  [[maybe_unused]] std::size_t length_;  // for preconditions alone
  std::size_t height_ = 0;               // levels above the leaves
  std::size_t capacity_ = 0;
  std::size_t fresh_ = 0;      // nodes that were ever used
  std::size_t free_size_ = 0;  // of those, not in use
};

static_assert(partial_page_table<persistent> && !contiguous_page_table<persistent>);

}  // namespace kvfolio::table
