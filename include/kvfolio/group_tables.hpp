// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <kvfolio/core/types.hpp>
#include <kvfolio/group/paged_groups.hpp>
#include <kvfolio/table/concept.hpp>

namespace kvfolio {

/// The page tables of many sequences, one for each group of layers, with holes: places keep their
/// positions when the pages before them go.
///
/// Of a row and group, the sinks and everything from `kept` on is there, and nothing else. Nothing
/// is allocated but by the constructor. One owner thread.
template <page_table Table, group_rule Rule>
class group_tables {
 public:
  /// Makes `rows` empty rows of at most `longest` tokens. \throws std::bad_alloc
  group_tables(group::paged_groups<Rule> groups, std::size_t rows, std::size_t longest)
      : groups_{std::move(groups)}, kept_(rows * groups_.size()) {
    tables_.reserve(groups_.size());
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      tables_.emplace_back(rows, groups_[group].pages(longest));
    }
  }

  /// Of the model.
  [[nodiscard]] const group::paged_groups<Rule>& groups() const noexcept { return groups_; }
  /// The table of `group`. Precondition: `row` and `group` exist, here and below.
  [[nodiscard]] const Table& operator[](std::size_t group) const noexcept { return tables_[group]; }
  /// \overload
  [[nodiscard]] Table& operator[](std::size_t group) noexcept { return tables_[group]; }

  /// The first place of `row` behind the sinks that has a page, as all after it have.
  [[nodiscard]] std::size_t kept(std::size_t row, std::size_t group) const noexcept {
    return kept_[row * groups_.size() + group];
  }

  /// Has `row`, in every group, the pages before `tokens` that a sequence needs of whose tokens
  /// `complete` are complete? O(groups).
  [[nodiscard]] bool has(std::size_t row, std::size_t tokens, std::size_t complete) const noexcept {
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      const auto end = std::min(kept(row, group), groups_[group].pages(tokens));
      if (groups_[group].first_page(complete) < end) return false;
    }
    return true;
  }

  /// Pages that `row` would have in all groups, if it had `tokens` tokens. O(groups).
  [[nodiscard]] std::size_t pages(std::size_t row, std::size_t tokens) const noexcept {
    std::size_t sum = 0;
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      const auto holes = kept(row, group) - std::min(kept(row, group), groups_[group].sink_pages());
      sum += groups_[group].pages(tokens) - holes;
    }
    return sum;
  }

  /// Fills the empty `row` for `complete` complete tokens: with `page_at(group, index)`, and holes
  /// where no page is needed. O(pages).
  template <class PageAt>
  void fill(std::size_t row, std::size_t complete, PageAt&& page_at) {
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      const auto& rule = groups_[group];
      const auto pages = rule.pages(complete);
      const auto first = std::min(rule.first_page(complete), pages);
      const auto sinks = std::min(rule.sink_pages(), first);
      auto& table = tables_[group];
      for (std::size_t index = 0; index < sinks; ++index) {
        table.push_back(row, page_at(group, index));
      }
      if constexpr (sparse_page_table<Table>) {
        table.push_holes(row, first - sinks);
      } else {
        for (auto index = sinks; index < first; ++index) table.push_back(row, no_page);
      }
      for (auto index = first; index < pages; ++index) {
        table.push_back(row, page_at(group, index));
      }
      kept_at(row, group) = first;
    }
  }

  /// Makes holes where `row`, of which `complete` tokens are complete, needs no page any more, and
  /// calls `drop(page)` for what was there, highest first. O(groups, and new holes).
  template <class Drop>
  void slide(std::size_t row, std::size_t complete, Drop&& drop) {
    if (!groups_.shrinking()) return;
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      const auto& rule = groups_[group];
      const auto end = std::min(rule.first_page(complete), tables_[group].size(row));
      const auto begin = std::max(kept(row, group), rule.sink_pages());
      if (end > begin) {
        for (auto index = end; index-- > begin;) drop(tables_[group].at(row, index));
        punch(tables_[group], row, begin, end);
      }
      kept_at(row, group) = std::max(end, kept(row, group));
    }
  }

  /// Makes the empty `child` equal to `parent`, and calls `share(page)` for each page. O(pages).
  template <class Share>
  void fork(std::size_t parent, std::size_t child, Share&& share) {
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      auto& table = tables_[group];
      table.fork(parent, child);
      kept_at(child, group) = kept(parent, group);
      for (std::size_t index = 0; index < table.size(child); ++index) {
        if (table.at(child, index) != no_page) share(table.at(child, index));
      }
    }
  }

  /// Drops the places of `row` wholly behind `tokens`, and calls `drop(page, end)` for each page,
  /// deepest first, `end` being the position after its last. Returns how many there were.
  template <class Drop>
  std::size_t truncate(std::size_t row, std::size_t tokens, Drop&& drop) {
    std::size_t dropped = 0;
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      const auto& rule = groups_[group];
      auto& table = tables_[group];
      const auto keep = rule.pages(tokens);
      for (auto end = table.size(row); end > keep; --end) {
        const auto page = table.at(row, end - 1);
        if (page == no_page) continue;
        drop(page, end * rule.tokens_per_page());
        ++dropped;
      }
      table.truncate(row, keep);
      kept_at(row, group) = std::min(kept(row, group), keep);
    }
    return dropped;
  }

 private:
  static void punch(Table& table, std::size_t row, std::size_t first, std::size_t end) noexcept {
    if constexpr (sparse_page_table<Table>) {
      table.punch(row, first, end);
    } else {
      for (; first < end; ++first) table.replace(row, first, no_page);
    }
  }
  [[nodiscard]] std::size_t& kept_at(std::size_t row, std::size_t group) noexcept {
    return kept_[row * groups_.size() + group];
  }

  group::paged_groups<Rule> groups_;
  std::vector<Table> tables_;      // by group
  std::vector<std::size_t> kept_;  // by row and group
};

}  // namespace kvfolio
