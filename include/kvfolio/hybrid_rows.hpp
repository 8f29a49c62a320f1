// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/group_tables.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/resume_tree.hpp>

namespace kvfolio {

/// The page tables of many sequences, one a group, with holes where a group needs a page no more:
/// the mechanism below `hybrid_cache`, which adds lengths, limits and errors.
///
/// A row pins each page that it has. A unit of its tokens that is complete becomes a node of the
/// tree. If an equal one is there, the row takes over the pages found there and lets go of its own:
/// so the pages of a row up to its last whole unit are those of the tree.
///
/// Every operation is `noexcept` and allocates nothing, except construction. One owner thread.
template <policy_bundle Policies, group_rule Rule>
class hybrid_rows {
 public:
  using page_table = typename Policies::page_table;    ///< how a row finds its pages
  using tree_type = resume_tree<Policies, Rule>;       ///< how pages are found again
  using node_id = typename tree_type::node_id;         ///< a place in it
  using tables_type = group_tables<page_table, Rule>;  ///< one a group, with holes

  /// Makes rows of `tables`, for pages of whose bytes `arrays` are the views of each group.
  /// \throws std::bad_alloc
  hybrid_rows(tree_type tree, tables_type tables, std::vector<model::page_array> arrays,
              std::size_t rows)
      : tree_{std::move(tree)},
        tables_{std::move(tables)},
        arrays_{std::move(arrays)},
        links_(rows),
        copied_(arrays_.size()) {}

  /// What is indexed. Precondition: `row` and `group` exist, here and below.
  [[nodiscard]] const tree_type& tree() const noexcept { return tree_; }
  /// \overload
  [[nodiscard]] tree_type& tree() noexcept { return tree_; }
  /// The page tables.
  [[nodiscard]] const tables_type& tables() const noexcept { return tables_; }
  /// All pages, as `group` sees them.
  [[nodiscard]] const model::page_array& array(std::size_t group) const noexcept {
    return arrays_[group];
  }
  /// The node in which the last whole unit of `row` lies.
  [[nodiscard]] node_id end(std::size_t row) const noexcept { return links_[row].end; }
  /// Has `row` all that this node needs as a resume point?
  [[nodiscard]] bool holds(std::size_t row) const noexcept { return links_[row].holds; }
  /// Where the tokens of the unit after it are noted.
  [[nodiscard]] node_id draft(std::size_t row) const noexcept { return links_[row].draft; }

  /// Begins `row` with the pages that a sequence needs behind the last of `path`, a resume point;
  /// or with nothing. O(pages). Precondition: `row` is empty.
  void begin(std::size_t row, std::span<const page_id> path, const sequence_record& user) noexcept {
    links_[row] = {.draft = tree_.take_node()};
    const auto page_at = [&](std::size_t group, std::size_t index) noexcept {
      const auto node = static_cast<node_id>(path[index / groups().pages_per_unit(group)]);
      const auto page = tree_.page(tree_.slot(node, group, index));
      pages().use(page);
      notify(pages().observer(), event::page_hit{page, index});
      return page;
    };
    tables_.fill(row, path.size() * groups().unit(), page_at);
    if (path.empty()) return;
    move_end(row, static_cast<node_id>(path.back()));
    set_hold(row, true);
    tree_.touch(links_[row].end, user);
  }

  /// Pages that `row`, of `length` tokens, needs to grow by `tokens`, over all groups. O(groups).
  [[nodiscard]] std::size_t needs(std::size_t row, std::size_t length,
                                  std::size_t tokens) const noexcept {
    std::size_t sum = 0;
    for (std::size_t group = 0; group < groups().size(); ++group) {
      sum += groups()[group].pages(length + tokens) - groups()[group].pages(length);
      if (tokens != 0 && copies_tail(row, group, length)) ++sum;
    }
    return sum;
  }

  /// Gives `row`, of `length` tokens, what it needs for `tokens` more. O(pages). Precondition: so
  /// many pages can be had, and `tokens > 0`.
  void grow(std::size_t row, std::size_t length, std::size_t tokens,
            const sequence_record& user) noexcept {
    for (std::size_t group = 0; group < groups().size(); ++group) {
      copied_[group] = copies_tail(row, group, length) ? 1 : 0;
    }
    withdraw_cut(row, length);
    for (std::size_t group = 0; group < groups().size(); ++group) {
      if (copied_[group] != 0) copy_tail(row, group, length, user);
      for (auto more = groups()[group].pages(length + tokens) - groups()[group].pages(length);
           more-- > 0;) {
        const auto page = tree_.take(group, user);
        tables_[group].push_back(row, page);
        notify(pages().observer(), event::page_fault{page});
      }
    }
  }

  /// Remembers that the positions of `row` from `first` on hold `tokens`, makes every unit that is
  /// complete now, and ends within the first `indexable` tokens, a resume point, and lets go of
  /// what is not needed any more. O(tokens, and the pages of a resume point for each unit).
  void note(std::size_t row, std::size_t first, std::span<const token_id> tokens,
            const prefix_realm& realm, std::size_t indexable,
            const sequence_record& user) noexcept {
    const auto complete = first + tokens.size();
    if constexpr (tree_type::prefix_index::enabled) {
      auto& links = links_[row];
      while (!tokens.empty() && links.indexing) {
        const auto begin = units(row) * groups().unit();
        const auto part = tokens.first(std::min(tokens.size(), begin + groups().unit() - first));
        tree_.index().note(page_id{links.draft}, static_cast<std::uint32_t>(first - begin), part);
        first += part.size();
        tokens = tokens.subspan(part.size());
        if (first != begin + groups().unit()) break;
        links.indexing = first <= indexable && tree_.make_room(user);
        if (links.indexing) index_unit(row, realm, user);
      }
    }
    slide(row, complete);
  }

  /// Makes `child` share everything that `parent` has, of whose tokens `committed` are complete.
  /// O(pages). Precondition: `child` is empty.
  void fork(std::size_t parent, std::size_t child, std::size_t committed) noexcept {
    auto& links = links_[child];
    links = links_[parent];
    links.draft = tree_.take_node();
    std::size_t shared = 0;
    tables_.fork(parent, child, [&](page_id page) noexcept {
      pages().use(page);
      ++shared;
    });
    const auto units_end = units(parent) * groups().unit();
    if (links.indexing && committed > units_end) {
      note_copy(links_[parent].draft, links.draft, committed - units_end);
    }
    tree_.end_at(links.end);
    if (links.holds) tree_.hold(links.end);
    notify(pages().observer(), event::forked{shared});
  }

  /// May `row`, of `length` tokens, end at `keep` of them, so that `complete` are complete? It
  /// needs what a window reads there, and a state that has not been overwritten. O(groups).
  [[nodiscard]] bool may_end(std::size_t row, std::size_t length, std::size_t keep,
                             std::size_t complete) const noexcept {
    if (keep == 0 || keep == length) return true;
    for (std::size_t group = 0; group < groups().size(); ++group) {
      if (!groups()[group].may_end(keep)) return false;
    }
    return tables_.has(row, keep, complete);
  }

  /// Drops the pages of `row` wholly behind `keep` tokens, of which `after` are complete, deepest
  /// first; `before` were complete. Returns how many. O(that). Precondition: `may_end`.
  std::size_t shrink(std::size_t row, std::size_t keep, std::size_t before,
                     std::size_t after) noexcept {
    if (after < before) step_back(row, after);
    return tables_.truncate(row, keep, [&](page_id page, std::size_t end) noexcept {
      pages().end_use(page, end <= before ? page_history::committed : page_history::draft);
    });
  }

  /// Drops all of `row`, of whose tokens `committed` were complete. O(pages).
  void clear(std::size_t row, std::size_t committed, const sequence_record& user) noexcept {
    auto& links = links_[row];
    if constexpr (frontier_aware<typename Policies::eviction>) {  // it goes by last use alone
      if (links.end != tree_type::none && tree_.is_point(links.end)) tree_.touch(links.end, user);
    }
    set_hold(row, false);
    move_end(row, tree_type::none);
    shrink(row, 0, committed, committed);
    tree_.put_node(links.draft);
  }

 private:
  // How a row stands to the tree.
  struct row_links {
    node_id end = tree_type::none;  // of its last whole unit
    node_id draft = 0;
    node_id cut = tree_type::none;  // the node in which it was truncated last; nothing came since
    bool indexing = true;           // are its tokens noted?
    bool holds = false;
  };

  [[nodiscard]] const auto& groups() const noexcept { return tree_.groups(); }
  [[nodiscard]] auto& pages() noexcept { return tree_.pages(); }
  [[nodiscard]] const auto& pages() const noexcept { return tree_.pages(); }
  [[nodiscard]] std::size_t units(std::size_t row) const noexcept {
    return links_[row].end == tree_type::none ? 0 : tree_.depth(links_[row].end);
  }

  void note_copy(node_id from, node_id to, std::size_t count) noexcept {
    tree_.index().copy_note(page_id{from}, page_id{to}, static_cast<std::uint32_t>(count));
  }

  // Tokens in the last page of `row`, of `length`, in `group`; 0 if it is full, or there is none.
  [[nodiscard]] std::size_t in_tail(std::size_t group, std::size_t length) const noexcept {
    return length % groups()[group].tokens_per_page();
  }
  [[nodiscard]] page_id tail(std::size_t row, std::size_t group) const noexcept {
    return tables_[group].back(row);
  }

  // Does another sequence, or a copy in flight, still read what would be written there?
  [[nodiscard]] bool is_read(std::size_t row, std::size_t group,
                             std::size_t length) const noexcept {
    const auto page = tail(row, group);
    return pages().sequences(page) > 1 ||
           pages().copies().unread(page) > groups()[group].settled(in_tail(group, length));
  }

  // Is the last page of `row` in `group` found where the row was cut, and does nothing but what was
  // cut off come of that? (The node may be another one by now: what has the page will do.)
  [[nodiscard]] bool lies_in_cut(std::size_t row, std::size_t group) const noexcept {
    const auto cut = links_[row].cut;
    if (cut == tree_type::none || !tree_.is_loose(cut)) return false;
    const auto index = tables_[group].size(row) - 1;
    return tree_.page(tree_.slot(cut, group, index)) == tail(row, group);
  }

  [[nodiscard]] bool copies_tail(std::size_t row, std::size_t group,
                                 std::size_t length) const noexcept {
    if (in_tail(group, length) == 0) return false;
    if (is_read(row, group, length)) return true;
    const std::uint32_t withdrawn = lies_in_cut(row, group) ? 1 : 0;
    return pages().keepers(tail(row, group)) > withdrawn;
  }

  // Takes the node in which `row` was cut out of the tree if one of its pages is to be written to.
  void withdraw_cut(std::size_t row, std::size_t length) noexcept {
    bool written = false;
    for (std::size_t group = 0; group < groups().size(); ++group) {
      written = written || (in_tail(group, length) != 0 && lies_in_cut(row, group) &&
                            !is_read(row, group, length));
    }
    const auto cut = std::exchange(links_[row].cut, tree_type::none);
    if (written) tree_.withdraw(cut);
  }

  void copy_tail(std::size_t row, std::size_t group, std::size_t length,
                 const sequence_record& user) noexcept {
    const auto old = tail(row, group);
    const copy_op op{old, tree_.take(group, user), 0,
                     groups()[group].entries(in_tail(group, length))};
    pages().submit(op, arrays_[group], pages().sequences(old) > 1);
    tables_[group].replace(row, tables_[group].size(row) - 1, op.destination);
    pages().end_use(old, page_history::draft);
  }

  void index_unit(std::size_t row, const prefix_realm& realm,
                  const sequence_record& user) noexcept {
    auto& links = links_[row];
    const auto node = tree_.extend(realm, links.end, links.draft);
    const bool inserted = node == links.draft;
    if (inserted) links.draft = tree_.take_node();
    set_hold(row, false);
    move_end(row, node);
    const auto share = [&](const typename tree_type::place& at) noexcept {
      const auto mine = tables_[at.group].at(row, at.index);
      const auto found = tree_.page(at.slot);
      KVFOLIO_EXPECTS(mine != no_page);
      if (found == no_page) {
        tree_.attach(at, mine, realm);
      } else if (found != mine) {
        pages().use(found);
        tables_[at.group].replace(row, at.index, found);
        pages().end_use(mine, page_history::committed);
      }
    };
    tree_.for_each_own(node, [&](const auto& at) noexcept {
      share(at);
      if (inserted) tree_.need(at.slot);
    });
    tree_.for_each_need(node, share);
    tree_.make_point(node, user);
    set_hold(row, true);
  }

  // Lets go of the pages that `complete` complete tokens need no more.
  void slide(std::size_t row, std::size_t complete) noexcept {
    tables_.slide(row, complete, [this](page_id page) noexcept {
      pages().end_use(page, page_history::committed);
    });
    if (links_[row].holds && !has_all(row)) set_hold(row, false);
  }

  // Has `row` every page that its last whole unit needs as a resume point?
  [[nodiscard]] bool has_all(std::size_t row) const noexcept {
    const auto tokens = units(row) * groups().unit();
    return tables_.has(row, tokens, tokens);
  }

  void set_hold(std::size_t row, bool holds) noexcept {
    auto& links = links_[row];
    if (links.holds == holds) return;
    links.holds = holds;
    holds ? tree_.hold(links.end) : tree_.end_hold(links.end);
  }

  void move_end(std::size_t row, node_id node) noexcept {
    const auto before = std::exchange(links_[row].end, node);
    tree_.end_at(node);
    tree_.leave(before);
  }

  // Brings what is known of `row` in the tree back to `complete` tokens.
  void step_back(std::size_t row, std::size_t complete) noexcept {
    auto& links = links_[row];
    const auto keep = complete / groups().unit();
    if (keep >= units(row)) return;
    set_hold(row, false);
    auto last = links.end;
    for (auto more = units(row) - keep; --more != 0;) last = tree_.parent(last);
    const auto noted = complete % groups().unit();
    if (links.indexing && noted != 0) note_copy(last, links.draft, noted);
    links.cut = last;
    move_end(row, tree_.parent(last));
    if (links.end != tree_type::none && tree_.is_point(links.end)) restore_hold(row);
  }

  // The resume point in which `row` ends now may have been made again since, of other pages.
  void restore_hold(std::size_t row) noexcept {
    bool same = has_all(row);
    tree_.for_each_need(links_[row].end, [&](const typename tree_type::place& at) noexcept {
      same = same && tables_[at.group].at(row, at.index) == tree_.page(at.slot);
    });
    set_hold(row, same);
  }

  tree_type tree_;
  tables_type tables_;
  std::vector<model::page_array> arrays_;  // by group
  std::vector<row_links> links_;           // by row
  std::vector<std::uint8_t> copied_;       // by group; of the row that grows
};

}  // namespace kvfolio
