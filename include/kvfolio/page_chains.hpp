// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <kvfolio/cache_parts.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/policies.hpp>

namespace kvfolio {

/// The pages of many sequences, which share their beginnings until one of them writes: the
/// mechanism below `paged_cache`, which adds lengths, limits and errors.
///
/// **How sharing is counted.** The pages of a sequence are a chain, each held by the next one, and
/// the sequence itself pins only the last. The pins of a page are thus the sequences that end in it
/// and the pages that follow it; a fork adds one pin, whatever its length, and what is let go is
/// let go from the end, up to a page that somebody else holds. Pages from some place on are a
/// sequence's own iff each of them has one pin.
///
/// Every operation is `noexcept` and allocates nothing, except construction. One owner thread.
template <policy_bundle Policies>
class page_chains {
 public:
  using page_table = typename Policies::page_table;  ///< how a row finds its pages

  /// What a row needs in order to grow.
  struct need {
    std::size_t pages = 0;     ///< from the pool
    bool copies_tail = false;  ///< one of them replaces the last page, which others share
  };

  /// Makes empty rows. \throws std::bad_alloc
  page_chains(cache_parts<Policies>&& parts, const model::page_array& bytes, std::size_t pages)
      : bytes_{bytes},
        pool_{std::move(parts.pages), pages},
        tables_{std::move(parts.tables)},
        copies_{std::move(parts.copies)},
        observer_{std::move(parts.observer)},
        departures_(pages) {}

  /// The rows. Precondition: `row` is one of them, here and below.
  [[nodiscard]] const page_table& tables() const noexcept { return tables_; }
  /// The pages and their pins.
  [[nodiscard]] const auto& pool() const noexcept { return pool_; }
  /// All pages as one array.
  [[nodiscard]] const model::page_array& bytes() const noexcept { return bytes_; }
  /// Who carries out the copies.
  [[nodiscard]] auto& copies() noexcept { return copies_; }
  /// \overload
  [[nodiscard]] const auto& copies() const noexcept { return copies_; }
  /// Pages without pins that only copies in flight still use.
  [[nodiscard]] std::size_t landing() const noexcept { return landing_; }

  /// Who hears of every event.
  [[nodiscard]] auto& observer() noexcept { return observer_; }
  /// \overload
  [[nodiscard]] const auto& observer() const noexcept { return observer_; }

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

  /// Gives `row`, of `length` tokens, what it needs. O(pages). Precondition: `wanted` is what it
  /// needs, and so many pages are free.
  void grow(std::size_t row, std::size_t length, need wanted) noexcept {
    if (wanted.copies_tail) {
      const auto size = tables_.size(row);
      copy(row, size - 1, size, length);
      --wanted.pages;
    }
    for (; wanted.pages != 0; --wanted.pages) {
      // The row pins the new page, and what was its pin of the last one is now the new page's.
      const auto page = take();
      tables_.push_back(row, page);
      notify(observer_, event::page_fault{page});
    }
  }

  /// Makes `child` share everything that `parent` has. Precondition: `child` is empty.
  void fork(std::size_t parent, std::size_t child) noexcept {
    tables_.fork(parent, child);
    if (tables_.size(parent) != 0) pool_.pin(tables_.back(parent));
    notify(observer_, event::forked{tables_.size(parent)});
  }

  /// Drops the pages of `row` from `keep` on, deepest first; of its tokens, `committed` were
  /// complete. O(dropped pages). Precondition: `keep <= tables().size(row)`.
  void shrink(std::size_t row, std::size_t keep, std::size_t committed) noexcept {
    auto end = tables_.size(row);
    if (keep == end) return;
    if (keep != 0) pool_.pin(tables_.at(row, keep - 1));
    for (; end > keep; --end) {
      const bool full = end * tokens_per_page() <= committed;
      const auto history = full ? page_history::committed : page_history::draft;
      if (!let_go(tables_.at(row, end - 1), history)) break;
    }
    // If all of them are free, the one that held the last page we keep is gone.
    if (end == keep && keep != 0) (void)pool_.unpin(tables_.at(row, keep - 1));
    tables_.truncate(row, keep);
  }

  /// Returns the end of those pages of `row` from `first` on that are not its own: the pages in
  /// `[first, end)` must be copied before one of them may be written. O(pages from the end on).
  [[nodiscard]] std::size_t shared_end(std::size_t row, std::size_t first) const noexcept {
    auto end = tables_.size(row);
    while (end > first && pool_.unique(tables_.at(row, end - 1))) --end;
    return end;
  }

  /// Replaces the pages `[first, end)` by copies of their tokens below `length` that are `row`'s
  /// own. O(end - first), and the copies. Precondition: so many pages are free; page `end - 1` is
  /// not the row's own, or is still read by a copy in flight, and then `first` is `end - 1`.
  void copy(std::size_t row, std::size_t first, std::size_t end, std::size_t length) noexcept {
    if (first != 0) pool_.pin(tables_.at(row, first - 1));
    auto old = page_id{};
    for (auto index = first; index < end; ++index) {
      old = tables_.at(row, index);
      const copy_op op{old, take(), 0, tokens_in(index, length)};
      const bool shared = index + 1 < end || !pool_.unique(old);
      copies_.submit(op, bytes_);
      tables_.replace(row, index, op.destination);
      notify(observer_, event::page_copied{op, shared});
    }
    // Of the old pages, the row held the last one. If only a copy in flight needs it now, it lets
    // go of the page before it.
    if (let_go(old, page_history::draft) && first != 0) {
      (void)pool_.unpin(tables_.at(row, first - 1));
    }
  }

  /// The copies up to `ticket` have landed: frees the pages that only they needed, as drafts.
  /// O(copies).
  void complete(copy_ticket ticket) noexcept {
    copies_.complete(ticket, [this](page_id page) noexcept {
      if (pool_.pins(page) != 0) return;
      --landing_;
      pool_.release(page, page_history::draft);
    });
  }

  /// Is no row being planned? For checks: O(pages).
  [[nodiscard]] bool plans_nothing() const noexcept {
    return std::ranges::all_of(departures_,
                               [](const departure& plan) { return plan.leaving == 0; });
  }

 private:
  // What the rows planned before this one will do to a last page that they share with it.
  struct departure {
    std::uint32_t leaving = 0;  // rows that will copy the page, and so let go of it
    std::uint32_t unread = 0;   // leading tokens that those copies will read later than at once
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
    wanted.copies_tail = pool_.pins(tail) - before.leaving > 1 ||
                         std::max(before.unread, copies_.unread(tail)) > tokens_per_page() - room;
    wanted.pages += wanted.copies_tail ? 1 : 0;
    return wanted;
  }

  [[nodiscard]] page_id take() noexcept {
    const auto page = pool_.allocate();
    KVFOLIO_EXPECTS(page.has_value());
    return *page;
  }

  // Drops one pin, and says whether nobody needs the page any more.
  bool let_go(page_id page, page_history history) noexcept {
    if (!pool_.unpin(page)) return false;
    if (copies_.busy(page)) {
      ++landing_;
    } else {
      pool_.release(page, history);
    }
    notify(observer_, event::page_freed{page});
    return true;
  }

  model::page_array bytes_;
  page_pool<typename Policies::page_allocator, typename Policies::refcount> pool_;
  page_table tables_;
  [[no_unique_address]] typename Policies::copies copies_;
  [[no_unique_address]] typename Policies::observer observer_;
  std::vector<departure> departures_;  // by page; empty but during planning
  std::size_t landing_ = 0;
};

}  // namespace kvfolio
