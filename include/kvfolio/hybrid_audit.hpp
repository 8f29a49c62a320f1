// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/group_tables.hpp>
#include <kvfolio/pool_audit.hpp>

namespace kvfolio::detail {

/// Looks into a hybrid cache from outside its verbs: recounts what they keep, and hashes it.
template <class Cache>
class hybrid_audit {
 public:
  explicit hybrid_audit(const Cache& cache) noexcept : cache_{cache} {}

  [[nodiscard]] const char* broken_invariant() const {
    const char* broken = nullptr;
    std::vector<page_use> uses(cache_.config_.pages);
    std::vector<node_use> nodes(node_count());
    cache_.records_.for_each_alive([&](std::size_t row) { count_row(row, uses, nodes, broken); });
    std::vector<std::uint32_t> needs(nodes.size() * groups().slots());
    std::size_t in_tree = 0;
    std::size_t points = 0;
    for (std::uint32_t node = 0; node < nodes.size(); ++node) {
      if (!in_the_tree(node)) continue;
      ++in_tree;
      points += tree().is_point(node) ? 1 : 0;
      count_node(node, nodes, needs, broken);
    }
    if (in_tree != tree().index().size()) broken = "the nodes are miscounted";
    if (points != tree().points()) broken = "the resume points are miscounted";
    for (std::uint32_t node = 0; node < nodes.size(); ++node) check_node(node, nodes[node], broken);
    check_slots(needs, uses, broken);
    cache_.records_.for_each_alive([&](std::size_t row) { check_hold(row, broken); });
    check_pages(uses, broken);
    return broken;
  }

  [[nodiscard]] std::uint64_t digest() const noexcept {
    std::uint64_t hash = 0;
    const auto feed = [&hash](std::uint64_t word) { hash = mix_bits(hash * 31 + word + 1); };
    cache_.records_.for_each_alive([&](std::size_t row) {
      feed(row);
      feed(cache_.records_[row].length);
      feed(cache_.records_[row].committed);
      feed(cache_.rows_.end(row));
      feed(cache_.rows_.holds(row) ? 1 : 0);
      for (std::size_t group = 0; group < groups().size(); ++group) {
        feed(tables().kept(row, group));
        for (std::size_t i = 0; i < tables()[group].size(row); ++i) {
          feed(to_index(tables()[group].at(row, i)));
        }
      }
    });
    for (const auto row : cache_.records_.free()) feed(row);
    for (std::uint32_t node = 0; node < node_count(); ++node) {
      if (!in_the_tree(node)) continue;
      feed(node);
      feed(tree().parent(node));
      feed(tree().is_point(node) ? 1 : 0);
      feed(tree().is_eligible(node) ? 1 : 0);
      for (std::size_t i = 0; i < groups().slots(); ++i) {
        feed(to_index(tree().page(node * groups().slots() + i)));
      }
    }
    for (const auto node : tree().free_nodes()) feed(node);
    pages().pool().allocator().for_each([&](page_id page) { feed(to_index(page)); });
    feed_copies(pages().copies(), cache_.config_.pages, feed);
    feed(cache_.epoch_);
    feed(tree().now());
    return hash;
  }

 private:
  struct page_use {
    std::uint32_t users = 0;
    std::uint32_t keepers = 0;
    bool free = false;
  };
  struct node_use {
    typename Cache::tree_type::counts counts{};
    bool draft = false;
  };

  [[nodiscard]] const auto& tables() const noexcept { return cache_.rows_.tables(); }
  [[nodiscard]] const auto& tree() const noexcept { return cache_.rows_.tree(); }
  [[nodiscard]] const auto& groups() const noexcept { return tree().groups(); }
  [[nodiscard]] const auto& pages() const noexcept { return tree().pages(); }
  [[nodiscard]] std::size_t node_count() const noexcept {
    return std::size_t{cache_.config_.pages} + cache_.config_.max_sequences;
  }
  [[nodiscard]] bool in_the_tree(std::uint32_t node) const noexcept {
    return tree().index().contains(page_id{node});
  }

  void count_row(std::size_t row, std::vector<page_use>& uses, std::vector<node_use>& nodes,
                 const char*& broken) const {
    const auto& record = cache_.records_[row];
    if (record.committed > record.length) broken = "a sequence committed more than it has";
    for (std::size_t group = 0; group < groups().size(); ++group) {
      const auto& rule = groups()[group];
      const auto size = tables()[group].size(row);
      if (size != rule.pages(record.length))
        broken = "a table has more places or fewer than tokens";
      for (std::size_t i = 0; i < size; ++i) {
        const auto page = tables()[group].at(row, i);
        const bool there = i < rule.sink_pages() || i >= tables().kept(row, group);
        const bool needed = i < rule.sink_pages() || i >= rule.first_page(record.committed);
        if ((page != no_page) != there) broken = "a hole is where none should be, or the reverse";
        if (page == no_page && needed) broken = "a page is missing that is still needed";
        if (page != no_page) ++uses[to_index(page)].users;
        if (page != no_page && pages().group(page) != group)
          broken = "a page is in a strange group";
      }
    }
    if (std::exchange(nodes[cache_.rows_.draft(row)].draft, true)) {
      broken = "two sequences note tokens in one place";
    }
    const auto end = cache_.rows_.end(row);
    if (end == Cache::tree_type::none) return;
    if (!in_the_tree(end)) broken = "a sequence ends in a node that is not there";
    if (tree().depth(end) * groups().unit() > record.committed) {
      broken = "a node holds what is not committed";
    }
    ++nodes[end].counts.ends;
    if (cache_.rows_.holds(row)) ++nodes[end].counts.holders;
  }

  void count_node(std::uint32_t node, std::vector<node_use>& nodes,
                  std::vector<std::uint32_t>& needs, const char*& broken) const {
    const auto parent = tree().parent(node);
    if (parent != Cache::tree_type::none) {
      if (!in_the_tree(parent)) broken = "a node has a parent that is not there";
      if (tree().depth(parent) + 1 != tree().depth(node)) broken = "a node has a wrong depth";
      ++nodes[parent].counts.children;
      nodes[parent].counts.pointed += tree().is_point(node) ? 1 : 0;
    }
    const auto count = [&](const auto& at) { ++needs[at.slot]; };
    tree().for_each_own(node, count);
    if (tree().is_point(node)) tree().for_each_need(node, count);
  }

  void check_node(std::uint32_t node, const node_use& use, const char*& broken) const {
    if (!in_the_tree(node)) {
      if (tree().is_point(node) || tree().is_eligible(node)) broken = "a node was not forgotten";
      return;
    }
    if (use.draft) broken = "tokens are noted in a node of the tree";
    if (!(tree().counted(node) == use.counts)) broken = "what needs a node is miscounted";
    if (tree().may_leave(node) != tree().is_eligible(node)) broken = "a node is wrongly eligible";
    if (tree().is_loose(node) && !tree().is_point(node)) broken = "a node leads nowhere";
  }

  void check_slots(const std::vector<std::uint32_t>& needs, std::vector<page_use>& uses,
                   const char*& broken) const {
    for (std::size_t slot = 0; slot < needs.size(); ++slot) {
      if (needs[slot] != tree().needed(slot)) broken = "what needs a slot is miscounted";
      if ((tree().page(slot) != no_page) != (needs[slot] != 0)) broken = "a slot is wrongly empty";
      if (tree().page(slot) != no_page) ++uses[to_index(tree().page(slot))].keepers;
    }
  }

  // Who holds a resume point has its very pages.
  void check_hold(std::size_t row, const char*& broken) const {
    if (!cache_.rows_.holds(row)) return;
    const auto end = cache_.rows_.end(row);
    if (!tree().is_point(end)) broken = "a sequence holds what is no resume point";
    const auto check = [&](const auto& at) {
      if (tables()[at.group].at(row, at.index) != tree().page(at.slot)) {
        broken = "a sequence holds other pages than its resume point";
      }
    };
    tree().for_each_need(end, check);
    for (auto node = end; node != Cache::tree_type::none; node = tree().parent(node)) {
      tree().for_each_own(node, check);
    }
  }

  void check_pages(std::vector<page_use>& uses, const char*& broken) const {
    std::size_t cached = 0;
    const std::size_t first = cache_.config_.reserve_null_page ? 1 : 0;
    mark_free_pages(pages().pool(), first, uses, broken);
    for (auto i = first; i < uses.size(); ++i) {
      const auto page = to_page(i);
      auto& use = uses[i];
      if (pages().sequences(page) != use.users) broken = "the users of a page are miscounted";
      if (pages().copies().busy(page)) ++use.users;
      if (pages().pool().pins(page) != use.users + use.keepers) broken = "pins are miscounted";
      if (use.free != (use.users + use.keepers == 0)) broken = "a page is lost, or free and in use";
      cached += use.users == 0 && use.keepers != 0 ? 1 : 0;
    }
    if (cached != pages().cached()) broken = "the cached pages are miscounted";
  }

  const Cache& cache_;
};

}  // namespace kvfolio::detail
