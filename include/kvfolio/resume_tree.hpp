// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/page_set.hpp>
#include <kvfolio/group/paged_groups.hpp>
#include <kvfolio/group_tables.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>
#include <kvfolio/sequence_records.hpp>
#include <kvfolio/shared_pages.hpp>

namespace kvfolio {

/// Where sequences of several groups may be resumed, and the pages that this takes.
///
/// A *node* is a unit of tokens after its parent's. Its slots hold the pages of these tokens in
/// every group; those of groups that keep everything as long as the node lives, the others while
/// some resume point needs them. A node that is a *resume point* keeps, in every group, the pages
/// that a sequence needs in order to go on behind it: so a prompt can be resumed at the deepest
/// resume point on its path, whatever the groups and their order, and no page is kept that no
/// prompt could reach.
///
/// What is evicted are resume points. A node that is none, has no child and is nobody's end is
/// forgotten, and so perhaps its parent. A resume point is *eligible* unless a sequence has all its
/// pages, or a point right below it keeps them too; so evicting the eligible ones frees every page
/// that is cached.
///
/// All is `noexcept` and allocates nothing, except construction. O(1), and O(pages that a resume
/// point needs) where one is made or evicted. One owner thread.
template <policy_bundle Policies, group_rule Rule>
class resume_tree {
 public:
  using node_id = std::uint32_t;                         ///< a place in the tree
  using eviction = typename Policies::eviction;          ///< which resume point leaves
  using prefix_index = typename Policies::prefix_index;  ///< how nodes are found
  static constexpr node_id none = UINT32_MAX;            ///< no node: the root

  /// Where a page of a resume point lies.
  struct place {
    std::size_t group;  ///< whose page
    std::size_t index;  ///< in the sequence
    std::size_t slot;   ///< in the tree
  };

  /// Makes a tree of nothing, of at most `most` nodes, beside `drafts` to note tokens in.
  /// \throws std::bad_alloc
  resume_tree(group::paged_groups<Rule> groups, shared_pages<Policies> pages, std::size_t most,
              std::size_t drafts, std::uint64_t seed)
      : groups_{std::move(groups)},
        pages_{std::move(pages)},
        index_(most + drafts, groups_.unit(), seed),
        ordering_(most + drafts),
        most_{most},
        nodes_(most + drafts),
        eligible_((nodes_.size() + 63) / 64),
        slots_(nodes_.size() * groups_.slots(), no_page),
        needs_(slots_.size()) {
    free_.reserve(nodes_.size());
    for (auto node = nodes_.size(); node-- > 0;) free_.push_back(static_cast<node_id>(node));
  }

  [[nodiscard]] const auto& groups() const noexcept { return groups_; }  ///< of the model
  [[nodiscard]] const auto& pages() const noexcept { return pages_; }    ///< of all groups
  [[nodiscard]] auto& pages() noexcept { return pages_; }                ///< \overload
  [[nodiscard]] const auto& index() const noexcept { return index_; }    ///< of the nodes
  [[nodiscard]] auto& index() noexcept { return index_; }                ///< \overload

  /// Number of resume points.
  [[nodiscard]] std::size_t points() const noexcept { return ordering_.size(); }
  /// Is `node` one? Precondition: `node` is one of the tree's, here and below.
  [[nodiscard]] bool is_point(node_id node) const noexcept { return nodes_[node].point; }
  /// Units up to the end of `node`.
  [[nodiscard]] std::size_t depth(node_id node) const noexcept { return nodes_[node].depth; }
  /// The node before it.
  [[nodiscard]] node_id parent(node_id node) const noexcept { return nodes_[node].parent; }
  /// Is nothing below `node`, and does no sequence end there?
  [[nodiscard]] bool is_loose(node_id node) const noexcept {
    return nodes_[node].children == 0 && nodes_[node].ends == 0;
  }
  /// The slot of the page at `index` of `group`, which lies in `node`.
  [[nodiscard]] std::size_t slot(node_id node, std::size_t group,
                                 std::size_t index) const noexcept {
    return node * groups_.slots() + groups_.slot(group, index);
  }
  /// The page there, or `no_page`.
  [[nodiscard]] page_id page(std::size_t slot) const noexcept { return slots_[slot]; }

  /// Sets the logical time.
  void advance(std::uint64_t now) noexcept { now_ = now; }
  /// The logical time.
  [[nodiscard]] std::uint64_t now() const noexcept { return now_; }

  /// Calls `visit(place)` for every page that `node`, as a resume point, needs of the groups that
  /// do not keep everything; deepest first.
  template <class Visit>
  void for_each_need(node_id node, Visit&& visit) const {
    if (!groups_.shrinking()) return;
    const auto end = depth(node) * groups_.unit();
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      const auto& rule = groups_[group];
      if (rule.keeps_all()) continue;
      const auto per_unit = groups_.pages_per_unit(group);
      const auto pages = rule.pages(end);
      const auto first = std::min(rule.first_page(end), pages);
      const auto sinks = std::min(rule.sink_pages(), pages);
      auto at = node;
      const auto go_on = [&](std::size_t index) {
        while (index < (depth(at) - 1) * per_unit) at = parent(at);
        visit(place{group, index, slot(at, group, index)});
      };
      for (auto index = pages; index-- > first;) go_on(index);
      if (sinks <= per_unit) at = nodes_[node].first;
      for (auto index = sinks; index-- > 0;) go_on(index);
    }
  }

  /// Calls `visit(place)` for every page of `node` itself in the groups that keep everything.
  template <class Visit>
  void for_each_own(node_id node, Visit&& visit) const {
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      if (!groups_[group].keeps_all()) continue;
      const auto per_unit = groups_.pages_per_unit(group);
      for (auto index = depth(node) * per_unit; index-- > (depth(node) - 1) * per_unit;) {
        visit(place{group, index, slot(node, group, index)});
      }
    }
  }

  /// Returns a page with one user, evicting if none is free. Precondition: one can be had.
  [[nodiscard]] page_id take(std::size_t group, const sequence_record& user) noexcept {
    while (pages_.free() == 0) {
      [[maybe_unused]] const bool evicted = evict_one(user);
      KVFOLIO_EXPECTS(evicted);
    }
    return pages_.take(group);
  }

  /// Evicts a resume point, and says whether there was an eligible one. What it alone kept is free.
  bool evict_one(const sequence_record& user) noexcept {
    const auto victim = ordering_.evict(user.access(now_), page_set{eligible_});
    if (!victim) return false;
    const auto node = static_cast<node_id>(*victim);
    KVFOLIO_EXPECTS(is_eligible(node));
    flip(node);
    end_point(node);
    return true;
  }

  /// Is there room for one node more, or can it be had by evicting?
  [[nodiscard]] bool make_room(const sequence_record& user) noexcept {
    while (index_.size() >= most_) {
      if (!evict_one(user)) return false;
    }
    return true;
  }
  /// Takes a free node, to note tokens in it. Precondition: there is one.
  [[nodiscard]] node_id take_node() noexcept {
    KVFOLIO_EXPECTS(!free_.empty());
    const auto node = free_.back();
    free_.pop_back();
    return node;
  }
  /// Gives a node back that is not in the tree.
  void put_node(node_id node) noexcept { free_.push_back(node); }
  /// The free nodes, the next one last.
  [[nodiscard]] const std::vector<node_id>& free_nodes() const noexcept { return free_; }

  /// Returns the node after `at` that has the tokens noted in `draft`: `draft`, if there was none.
  [[nodiscard]] node_id extend(const prefix_realm& realm, node_id at, node_id draft) noexcept {
    prefix_cursor cursor;
    if (at != none) cursor = {page_id{at}, depth(at)};
    const auto found = static_cast<node_id>(*index_.extend(realm, cursor, page_id{draft}).page);
    if (found != draft) return found;
    const auto local = hash_.local(index_.tokens(page_id{draft}));
    auto& self = nodes_[draft];
    self = {
        .parent = at,
        .first = at == none ? draft : nodes_[at].first,
        .depth = static_cast<std::uint32_t>(cursor.pages + 1),
        .key = at == none ? hash_.chain(realm.words(), local) : hash_.chain(nodes_[at].key, local)};
    if (at != none) ++nodes_[at].children;
    return draft;
  }

  /// A sequence ends in `node` from now on, or does not any more.
  void end_at(node_id node) noexcept {
    if (node != none) ++nodes_[node].ends;
  }
  /// \overload
  void leave(node_id node) noexcept {
    if (node == none) return;
    --nodes_[node].ends;
    prune(node);
  }
  /// A sequence has every page that the resume point `node` needs, or does not any more.
  void hold(node_id node) noexcept {
    ++nodes_[node].holders;
    refresh(node);
  }
  /// \overload
  void end_hold(node_id node) noexcept {
    --nodes_[node].holders;
    refresh(node);
  }

  /// Puts `page` into the empty slot of `at`, which something must come to need.
  void attach(const place& at, page_id page, const prefix_realm& realm) noexcept {
    KVFOLIO_EXPECTS(slots_[at.slot] == no_page);
    slots_[at.slot] = page;
    pages_.keep(page);
    if (pages_.keepers(page) != 1) return;
    const auto node = page_id{static_cast<node_id>(at.slot / groups_.slots())};
    const auto per_page = groups_[at.group].tokens_per_page();
    auto tokens = index_.tokens(node);  // none, if the index does not keep them
    if (!tokens.empty()) tokens = tokens.subspan(at.index * per_page % groups_.unit(), per_page);
    notify(pages_.observer(), event::page_indexed{page, before(at, static_cast<node_id>(node)),
                                                  tokens, realm.words()});
  }
  /// Something needs the page of `slot`.
  void need(std::size_t slot) noexcept { ++needs_[slot]; }

  /// Makes `node` a resume point, or recalls that it is one. Precondition: the slots that it needs
  /// have pages.
  void make_point(node_id node, const sequence_record& user) noexcept {
    auto& self = nodes_[node];
    if (self.point) return touch(node, user);
    for_each_need(node, [this](const place& at) noexcept { need(at.slot); });
    self.point = true;
    const auto access = describe(node, user);
    ordering_.miss(access);
    ordering_.insert(page_id{node}, access);
    flip(node);
    if (self.parent != none) {
      ++nodes_[self.parent].pointed;
      refresh(self.parent);
    }
    refresh(node);
  }

  /// A sequence resumes at `node`, or ended there. Precondition: it is a resume point.
  void touch(node_id node, const sequence_record& user) noexcept {
    ordering_.touch(page_id{node}, describe(node, user));
  }

  /// Forgets `node`, which is loose: its pages are whoever's they are.
  void withdraw(node_id node) noexcept {
    KVFOLIO_EXPECTS(is_loose(node));
    if (!is_point(node)) return prune(node);
    if (is_eligible(node)) flip(node);
    ordering_.erase(page_id{node});
    end_point(node);
  }

  /// May `node` be evicted?
  [[nodiscard]] bool is_eligible(node_id node) const noexcept {
    return page_set{eligible_}.contains(page_id{node});
  }
  /// For checks: what is counted of `node`, and of `slot`.
  struct counts {
    std::uint32_t children;  ///< nodes after it
    std::uint32_t pointed;   ///< of these, resume points
    std::uint32_t ends;      ///< sequences whose last whole unit it is
    std::uint32_t holders;   ///< of these, such as have all its pages
    /// Equal in every member.
    friend bool operator==(const counts&, const counts&) = default;
  };
  /// \copydoc counts
  [[nodiscard]] counts counted(node_id node) const noexcept {
    const auto& self = nodes_[node];
    return {self.children, self.pointed, self.ends, self.holders};
  }
  /// \copydoc counts
  [[nodiscard]] std::uint32_t needed(std::size_t slot) const noexcept { return needs_[slot]; }
  /// Should `node` be eligible? For checks.
  [[nodiscard]] bool may_leave(node_id node) const noexcept {
    const auto& self = nodes_[node];
    return self.point && self.holders == 0 &&
           (self.pointed == 0 || !groups_.carried_on(self.depth));
  }

 private:
  struct tree_node {
    node_id parent = none;
    node_id first = none;  // of its path
    std::uint32_t depth = 0;
    std::uint64_t key = 0;  // for the eviction policy alone
    std::uint32_t children = 0;
    std::uint32_t pointed = 0;
    std::uint32_t ends = 0;
    std::uint32_t holders = 0;
    bool point = false;
  };

  [[nodiscard]] page_access describe(node_id node, const sequence_record& user) noexcept {
    auto access = user.access(now_);
    access.key = content_key{nodes_[node].key};
    access.access = ++accesses_;
    access.depth = nodes_[node].depth - 1;
    access.tokens = groups_.unit();
    return access;
  }

  // The page before that of `at`, which lies in `node`, if it is there.
  [[nodiscard]] std::optional<page_id> before(const place& at, node_id node) const noexcept {
    if (at.index == 0) return std::nullopt;
    if (at.index % groups_.pages_per_unit(at.group) == 0) node = parent(node);
    const auto page = slots_[slot(node, at.group, at.index - 1)];
    if (page == no_page) return std::nullopt;
    return page;
  }

  void end_need(std::size_t slot) noexcept {
    if (--needs_[slot] == 0) pages_.end_keep(std::exchange(slots_[slot], no_page));
  }

  void end_point(node_id node) noexcept {
    auto& self = nodes_[node];
    self.point = false;
    for_each_need(node, [this](const place& at) noexcept { end_need(at.slot); });
    if (self.parent != none) {
      --nodes_[self.parent].pointed;
      refresh(self.parent);
    }
    prune(node);
  }

  // Forgets `node` and those before it as long as nothing and nobody needs them.
  void prune(node_id node) noexcept {
    while (node != none && is_loose(node) && !nodes_[node].point) {
      for_each_own(node, [this](const place& at) noexcept { end_need(at.slot); });
      index_.erase(page_id{node});
      free_.push_back(node);
      const auto before = nodes_[node].parent;
      if (before != none) --nodes_[before].children;
      node = before;
    }
  }

  void refresh(node_id node) noexcept {
    if (!nodes_[node].point || may_leave(node) == is_eligible(node)) return;
    flip(node);
    if constexpr (eligibility_aware<eviction>) {
      if (is_eligible(node)) {
        ordering_.resume(page_id{node});
      } else {
        ordering_.suspend(page_id{node});
      }
    }
  }
  void flip(node_id node) noexcept { eligible_[node / 64] ^= std::uint64_t{1} << (node % 64); }

  group::paged_groups<Rule> groups_;
  shared_pages<Policies> pages_;
  [[no_unique_address]] prefix_index index_;
  [[no_unique_address]] eviction ordering_;
  std::size_t most_;  // nodes in the tree
  std::vector<tree_node> nodes_;
  std::vector<node_id> free_;
  std::vector<std::uint64_t> eligible_;  // one bit a node
  std::vector<page_id> slots_;           // by node and slot: where pages are found
  std::vector<std::uint32_t> needs_;     // by the same: who needs them
  prefix::keyed_hash hash_{0};           // of keys that only the eviction policy sees
  std::uint64_t accesses_ = 0;
  std::uint64_t now_ = 0;
};

}  // namespace kvfolio
