// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/cache_parts.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/resident_pages.hpp>

namespace kvfolio {

/// The pages of many sequences, which share their beginnings until one of them writes: the
/// mechanism below `paged_cache`, which adds lengths, limits and errors.
///
/// **How sharing is counted.** The pages of a row are a chain, each held by the next one, and the
/// row itself pins only the last. The pins of a page are thus the rows that end in it and the pages
/// that follow it, in a row or in the index; a fork adds one pin, whatever its length, and what is
/// let go is let go from the end, up to a page that something else holds. Pages from some place on
/// are a row's own iff each of them has one pin.
///
/// **Twins.** A page that became full when an equal one, its twin, was indexed already stays in its
/// row, and is not indexed. The row pins the twin, under which its later pages are indexed. Such a
/// later page holds the twin and not the page before it in the row, which every row with the two
/// pins instead. Both are rare, and rows that have neither never look for them.
///
/// Every operation is `noexcept` and allocates nothing, except construction. One owner thread.
template <policy_bundle Policies>
class page_chains {
 public:
  using page_table = typename Policies::page_table;      ///< how a row finds its pages
  using prefix_index = typename Policies::prefix_index;  ///< how pages are found again

  /// What a row needs in order to grow.
  struct need {
    std::size_t pages = 0;     ///< from the pool
    bool copies_tail = false;  ///< one of them replaces the last page, which others share
  };

  /// Makes empty rows. \throws std::bad_alloc
  page_chains(cache_parts<Policies>&& parts, const model::page_array& bytes, std::size_t pages,
              std::size_t rows)
      : bytes_{bytes},
        tables_{std::move(parts.tables)},
        resident_{std::move(parts), pages, bytes.layout().tokens()},
        departures_(pages),
        links_(rows),
        twins_{prefix_index::enabled ? pages : 0} {}

  /// The rows. Precondition: `row` is one of them, here and below.
  [[nodiscard]] const page_table& tables() const noexcept { return tables_; }
  /// The pages, what is indexed of them, and who hears of it.
  [[nodiscard]] const auto& resident() const noexcept { return resident_; }
  /// \overload
  [[nodiscard]] auto& resident() noexcept { return resident_; }
  /// All pages as one array.
  [[nodiscard]] const model::page_array& bytes() const noexcept { return bytes_; }
  /// Can `row`, of `length` tokens, grow by `tokens` and need nothing, as in most decode steps?
  /// Then its last page is its own draft, and has room. O(1).
  [[nodiscard]] bool has_room(std::size_t row, std::size_t length,
                              std::size_t tokens) const noexcept {
    const auto room = tables_.size(row) * tokens_per_page() - length;
    if (room == 0 || tokens > room) return false;
    const auto tail = tables_.back(row);
    return resident_.pool().unique(tail) && !resident_.index().contains(tail) &&
           resident_.copies().unread(tail) <= tokens_per_page() - room;
  }

  /// What `row`, of `length` tokens, needs to grow by `tokens`. O(1).
  [[nodiscard]] need needs(std::size_t row, std::size_t length, std::size_t tokens) const noexcept {
    return needs(row, length, tokens, {});
  }

  /// The same, when the rows that were planned before it grow first. Precondition: each row is
  /// planned once, and `forget(row)` follows for all of them before anything changes.
  [[nodiscard]] need plan(std::size_t row, std::size_t length, std::size_t tokens) noexcept {
    if (tables_.size(row) == 0) return needs(row, length, tokens);
    auto& before = departures_[to_index(tables_.back(row))];
    const auto wanted = needs(row, length, tokens, before);
    if (wanted.copies_tail) {
      ++before.leaving;
      if constexpr (deferring_copy_backend<typename Policies::copies>) {
        before.unread = std::max(before.unread, tokens_in(tables_.size(row) - 1, length));
      }
    }
    return wanted;
  }

  /// Ends the planning of `row`.
  void forget(std::size_t row) noexcept {
    if (tables_.size(row) != 0) departures_[to_index(tables_.back(row))] = {};
  }

  /// Begins `row` with `pages`, the indexed prefix that ends at `at`. O(pages). Precondition: `row`
  /// is empty.
  void begin(std::size_t row, std::span<const page_id> pages, const prefix_cursor& at,
             const sequence_record& user) noexcept {
    links_[row] = {.at = at, .indexed = pages.size()};
    if (pages.empty()) return;
    for (const auto page : pages) tables_.push_back(row, page);
    resident_.pin(pages.back());
    if constexpr (!frontier_aware<typename Policies::eviction>) {
      for (auto depth = pages.size(); depth-- > 0;) {
        resident_.touch(pages[depth], depth, user);
      }
    }
  }

  /// Goes on, after `begin`, with the first tokens of `hit.page`, which is indexed after the pages
  /// of `row`. Says whether there was a page to be had for them. O(1), and the copy.
  [[nodiscard]] bool begin_inside(std::size_t row, const partial_hit& hit,
                                  const sequence_record& user) noexcept {
    const auto page = resident_.take_beginning(hit, tables_.size(row), bytes_, user);
    if (page) tables_.push_back(row, *page);
    return page.has_value();
  }

  /// Gives `row`, of `length` tokens, of which `committed` are complete, what it needs. O(pages).
  /// Precondition: `wanted` is what it needs, and so many pages can be had.
  void grow(std::size_t row, std::size_t length, std::size_t committed, need wanted,
            const sequence_record& user) noexcept {
    if (wanted.copies_tail) {
      const auto size = tables_.size(row);
      copy(row, size - 1, size, length, committed, user);
      --wanted.pages;
    } else if (prefix_index::enabled && tables_.size(row) * tokens_per_page() > length) {
      make_draft(row, tables_.size(row) - 1);
    }
    const auto run = resident_.take_run(wanted.pages);
    for (std::size_t i = 0; i < wanted.pages; ++i) {
      // The row pins the new page, and what was its pin of the last one is now the new page's.
      const auto page = run ? to_page(to_index(run->first) + i) : resident_.take(user);
      tables_.push_back(row, page);
      notify(resident_.observer(), event::page_fault{page});
    }
  }

  /// Remembers that the positions of `row` from `first` on hold `tokens`, and indexes each page
  /// that is full now and lies in the first `indexable` tokens. O(tokens). Precondition: the
  /// positions before `first` are complete.
  void note(std::size_t row, std::size_t first, std::span<const token_id> tokens,
            const prefix_realm& realm, std::size_t indexable,
            const sequence_record& user) noexcept {
    if constexpr (prefix_index::enabled) {
      if (tokens.empty()) return;
      // A decode step commits at the end of the row, where nothing need be divided.
      const auto tail = (tables_.size(row) - 1) * tokens_per_page();
      auto index = first >= tail ? tables_.size(row) - 1 : first / tokens_per_page();
      auto offset = first - index * tokens_per_page();
      // All tokens first, as more of them are on their way to memory at a time.
      for (; !tokens.empty(); ++index, offset = 0) {
        const auto page = tables_.at(row, index);
        const auto part = tokens.first(std::min(tokens.size(), tokens_per_page() - offset));
        if (!resident_.index().contains(page)) {
          resident_.index().note(page, static_cast<std::uint32_t>(offset), part);
        }
        tokens = tokens.subspan(part.size());
        if (offset + part.size() != tokens_per_page()) break;
      }
      const auto& indexed = links_[row].indexed;
      while (indexed < index && (indexed + 1) * tokens_per_page() <= indexable) {
        extend(row, realm, user);
      }
    }
  }

  /// Makes `child` share everything that `parent` has. Precondition: `child` is empty.
  void fork(std::size_t parent, std::size_t child) noexcept {
    tables_.fork(parent, child);
    links_[child] = links_[parent];
    const auto size = tables_.size(parent);
    for (auto index = links_[child].irregular; index < size; ++index) {
      if (const auto twin = twin_of(child, index)) resident_.pin(*twin);
      if (hangs_elsewhere(child, index)) resident_.pin(tables_.at(child, index - 1));
    }
    if (size != 0) resident_.pin_again(tables_.back(parent));
    notify(resident_.observer(), event::forked{size});
  }

  /// Drops all pages of `row`, of whose tokens `committed` were complete. O(dropped pages).
  void clear(std::size_t row, std::size_t committed, const sequence_record& user) noexcept {
    const auto& links = links_[row];
    // As after a fork, somebody else uses the last page, and so all of them.
    if (tables_.size(row) == 0 || links.irregular != SIZE_MAX ||
        !resident_.unpin_again(tables_.back(row))) {
      shrink(row, 0, committed, 0, user);
      return;
    }
    tables_.truncate(row, 0);  // its links are overwritten when it begins again
    if (links.at.page) resident_.leave(*links.at.page, user);
  }

  /// Drops the pages of `row` from `keep` on, deepest first; of its tokens, `before` were complete,
  /// and `after` are. O(dropped pages). Precondition: `keep <= tables().size(row)`.
  [[gnu::noinline]] void shrink(std::size_t row, std::size_t keep, std::size_t before,
                                std::size_t after, const sequence_record& user) noexcept {
    auto& links = links_[row];
    auto end = tables_.size(row);
    bool held = keep != end;  // the page before `end`, by this row
    if (held && keep != 0) resident_.pin(tables_.at(row, keep - 1));
    for (; end > keep && (held || end > links.irregular); --end) {
      const auto page = tables_.at(row, end - 1);
      const bool full = end * tokens_per_page() <= before;
      const bool hangs = hangs_elsewhere(row, end - 1);
      if (const auto twin = twin_of(row, end - 1)) resident_.unpin(*twin);
      const auto history = full ? page_history::committed : page_history::draft;
      held = (held && resident_.unpin(page, history)) || hangs;
    }
    // If what held the last page we keep is gone, or was the row itself, that has a pin too many.
    if (end == keep && held && keep != 0) resident_.unpin(tables_.at(row, keep - 1));
    const auto last = links.at.page;
    step_back(row, keep, std::min(links.indexed, after / tokens_per_page()));
    tables_.truncate(row, keep);
    if (keep == 0 && last) resident_.leave(*last, user);
  }

  /// Returns the end of those pages of `row` from `first` on that are not its own: the pages in
  /// `[first, end)` must be copied before one of them may be written. O(pages from the end on).
  [[nodiscard]] std::size_t shared_end(std::size_t row, std::size_t first) const noexcept {
    auto end = tables_.size(row);
    while (end > first && resident_.pool().unique(tables_.at(row, end - 1))) --end;
    return end;
  }

  /// Makes the pages of `row` from `first` on writable, which are its own: takes them out of the
  /// index. O(pages from `first` on).
  void make_drafts(std::size_t row, std::size_t first) noexcept {
    for (auto end = tables_.size(row); end > first; --end) make_draft(row, end - 1);
  }

  /// Replaces the pages `[first, end)` by copies of their tokens below `length` that are `row`'s
  /// own. O(end - first), and the copies. Precondition: so many pages can be had; page `end - 1` is
  /// not the row's own, or is still read by a copy in flight, and then `first` is `end - 1`.
  [[gnu::noinline]] void copy(std::size_t row, std::size_t first, std::size_t end,
                              std::size_t length, std::size_t committed,
                              const sequence_record& user) noexcept {
    // Deepest first, so that the old chain is let go of as in `shrink`.
    bool held = true;
    for (auto index = end; index-- > first;) {
      const auto old = tables_.at(row, index);
      const bool hangs = hangs_elsewhere(row, index);
      const bool shared = !held || !resident_.pool().unique(old);
      const copy_op op{old, resident_.take(user), 0, tokens_in(index, length)};
      resident_.submit(op, bytes_, shared);
      tables_.replace(row, index, op.destination);
      if (committed > index * tokens_per_page()) {
        resident_.index().copy_note(old, op.destination, tokens_in(index, committed));
      }
      held = (held && resident_.unpin(old)) || hangs;
    }
    // The new pages hold the one before them, by what held it before if that is gone.
    if (first != 0 && !held) resident_.pin(tables_.at(row, first - 1));
  }

  /// Is no row being planned? For checks: O(pages).
  [[nodiscard]] bool plans_nothing() const noexcept {
    return std::ranges::all_of(departures_,
                               [](const departure& plan) { return plan.leaving == 0; });
  }

  /// The twin of the page of `row` at `index`, which the row pins; none if it has none.
  [[nodiscard]] std::optional<page_id> twin_of(std::size_t row, std::size_t index) const noexcept {
    if (!prefix_index::enabled || index < links_[row].irregular || index >= links_[row].indexed) {
      return std::nullopt;
    }
    const auto page = tables_.at(row, index);
    if (resident_.index().contains(page)) return std::nullopt;
    return twins_[to_index(page)];
  }

  /// Does the page of `row` at `index` hold another page than the one before it in the row, which
  /// the row must pin itself?
  [[nodiscard]] bool hangs_elsewhere(std::size_t row, std::size_t index) const noexcept {
    if (!prefix_index::enabled || index <= links_[row].irregular) return false;
    const auto page = tables_.at(row, index);
    return resident_.index().contains(page) &&
           resident_.index().parent(page) != tables_.at(row, index - 1);
  }

  /// Where the indexed pages of `row` end.
  [[nodiscard]] const prefix_cursor& cursor(std::size_t row) const noexcept {
    return links_[row].at;
  }

 private:
  // What the rows planned before this one will do to a last page that they share with it.
  struct departure {
    std::uint32_t leaving = 0;  // rows that will copy the page, and so let go of it
    std::uint32_t unread = 0;   // leading tokens that those copies will read later than at once
  };

  // How a row stands to the index.
  struct index_links {
    prefix_cursor at{};                // where its next page will be indexed
    std::size_t indexed = 0;           // leading pages that are indexed, or have a twin that is
    std::size_t irregular = SIZE_MAX;  // no page before this one has a twin
  };

  [[nodiscard]] std::size_t tokens_per_page() const noexcept { return bytes_.layout().tokens(); }

  // Tokens of a row of `length` tokens that lie in its page at `index`.
  [[nodiscard]] std::uint32_t tokens_in(std::size_t index, std::size_t length) const noexcept {
    return static_cast<std::uint32_t>(
        std::min(tokens_per_page(), length - index * tokens_per_page()));
  }

  [[nodiscard]] need needs(std::size_t row, std::size_t length, std::size_t tokens,
                           departure before) const noexcept {
    const auto room = tables_.size(row) * tokens_per_page() - length;
    need wanted;
    if (tokens > room) wanted.pages = ceil_div(tokens - room, tokens_per_page());
    if (tokens == 0 || room == 0) return wanted;
    const auto tail = tables_.back(row);
    wanted.copies_tail =
        resident_.pool().pins(tail) - before.leaving > 1 ||
        std::max(before.unread, resident_.copies().unread(tail)) > tokens_per_page() - room;
    wanted.pages += wanted.copies_tail ? 1 : 0;
    return wanted;
  }

  // Indexes the first page of the row that is not, or finds its twin.
  void extend(std::size_t row, const prefix_realm& realm, const sequence_record& user) noexcept {
    auto& links = links_[row];
    const auto index = links.indexed;
    const auto page = tables_.at(row, index);
    const auto before = index == 0 ? std::optional<page_id>{} : tables_.at(row, index - 1);
    const bool was_there = resident_.index().contains(page);
    links.at = resident_.extend(realm, links.at, page, before, user);
    ++links.indexed;
    if (links.at.page != page) {
      twins_[to_index(page)] = *links.at.page;
      resident_.pin(*links.at.page);
      links.irregular = std::min(links.irregular, index);
    } else if (!was_there && before && resident_.index().parent(page) != before) {
      unhook(page, *before, index);
    }
  }

  // `page`, just indexed under the twin of `before`, does not hold `before` any more: each row that
  // has them does. O(rows).
  void unhook(page_id page, page_id before, std::size_t index) noexcept {
    bool first = true;
    for (std::size_t row = 0; row < links_.size(); ++row) {
      if (tables_.size(row) <= index || tables_.at(row, index) != page) continue;
      if (!std::exchange(first, false)) resident_.pin(before);
      links_[row].irregular = std::min(links_[row].irregular, index - 1);
    }
  }

  // Brings what is known of the row's pages in the index to the first `indexed` of `keep` that
  // stay.
  void step_back(std::size_t row, std::size_t keep, std::size_t indexed) noexcept {
    auto& links = links_[row];
    if (keep == 0) links.irregular = SIZE_MAX;
    if (indexed == links.indexed) return;
    // A page that is cut in two stays in the row, but its twin is of no use any more.
    const auto cut = indexed < keep ? twin_of(row, indexed) : std::nullopt;
    if (indexed == 0) {
      links.at = {};
    } else {
      const auto page = twin_of(row, indexed - 1).value_or(tables_.at(row, indexed - 1));
      links.at = {.page = page, .pages = indexed};
    }
    links.indexed = indexed;
    if (cut) resident_.unpin(*cut);
  }

  // Takes a page that only this row has out of the index, if it is there.
  void make_draft(std::size_t row, std::size_t index) noexcept {
    const auto page = tables_.at(row, index);
    if (!resident_.index().contains(page)) return;
    const bool hangs = hangs_elsewhere(row, index);
    const auto before = index == 0 ? std::optional<page_id>{} : tables_.at(row, index - 1);
    // Where it hangs elsewhere, the row's own pin of the page before becomes the page's.
    resident_.withdraw(page, hangs ? std::nullopt : before);
  }

  model::page_array bytes_;
  page_table tables_;
  resident_pages<Policies> resident_;
  std::vector<departure> departures_;  // by page; empty but during planning
  std::vector<index_links> links_;     // by row
  raw_array<page_id> twins_;           // by page, where it has one
};

}  // namespace kvfolio
