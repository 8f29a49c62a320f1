// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/core/types.hpp>

#include "policy_driver.hpp"

namespace kvfolio::test {

/// A pool whose pages hold the nodes of a tree, and in which every request, a path from the root,
/// asks two policies for victims: one that hears of every page, and one that hears of the deepest
/// page of each request alone. Leaves leave first.
template <frontier_aware P>
class prefix_pool {
 public:
  explicit prefix_pool(std::size_t pages, std::vector<std::size_t> parents)
      : whole_{pages}, frontier_{pages}, parent_{std::move(parents)}, nodes_(parent_.size()) {
    for (std::size_t page = pages; page-- > 0;) free_.push_back(to_page(page));
    at_.resize(pages);
  }

  /// Uses the pages of `path`, from the root down; those that are missing get a page. Says whether
  /// the policies agreed on every victim. Precondition: there are as many pages.
  [[nodiscard]] bool use(const std::vector<std::size_t>& path) {
    for (const auto node : path) pin(node);
    bool agreed = true;
    for (const auto node : path) {
      if (!nodes_[node].page && free_.empty()) agreed = evict() && agreed;
      if (!nodes_[node].page) settle(node);
    }
    for (auto depth = path.size(); depth-- > 0;) arrive_or_touch(path[depth]);
    deepest(*nodes_[path.back()].page);
    for (const auto node : path) unpin(node);
    return agreed;
  }

 private:
  static constexpr std::size_t root = 0;

  struct held_node {
    std::optional<page_id> page;
    std::size_t children = 0;
    bool pinned = false;
  };

  void pin(std::size_t node) {
    nodes_[node].pinned = true;
    if (nodes_[node].page && nodes_[node].children == 0) {
      whole_.set_eligible(*nodes_[node].page, false);
      frontier_.set_eligible(*nodes_[node].page, false);
    }
  }

  void unpin(std::size_t node) {
    nodes_[node].pinned = false;
    if (nodes_[node].children == 0) make_eligible(*nodes_[node].page);
  }

  void make_eligible(page_id page) {
    whole_.set_eligible(page, true);
    if (frontier_.tracks(page)) {
      frontier_.set_eligible(page, true);
    } else {
      frontier_.insert_oldest(page);
    }
  }

  bool evict() {
    const auto victim = whole_.evict();
    if (!victim || frontier_.evict() != victim) return false;
    const auto left = at_[to_index(*victim)];
    nodes_[left].page.reset();
    free_.push_back(*victim);
    if (left == root) return true;
    auto& parent = nodes_[parent_[left]];
    if (--parent.children == 0 && !parent.pinned) make_eligible(*parent.page);
    return true;
  }

  void settle(std::size_t node) {
    const auto page = free_.back();
    free_.pop_back();
    nodes_[node].page = page;
    at_[to_index(page)] = node;
    if (node != root) ++nodes_[parent_[node]].children;
  }

  void arrive_or_touch(std::size_t node) {
    const auto page = *nodes_[node].page;
    if (whole_.tracks(page)) {
      whole_.touch(page);
    } else {
      whole_.insert(page);
      whole_.set_eligible(page, false);
    }
  }

  void deepest(page_id page) {
    if (frontier_.tracks(page)) {
      frontier_.touch(page);
    } else {
      frontier_.insert(page);
      frontier_.set_eligible(page, false);
    }
  }

  policy_driver<P> whole_;
  policy_driver<P> frontier_;
  std::vector<std::size_t> parent_;  // by node
  std::vector<held_node> nodes_;
  std::vector<page_id> free_;
  std::vector<std::size_t> at_;  // the node of each page
};

}  // namespace kvfolio::test
