// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/cache_audit.hpp>
#include <kvfolio/cache_config.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/memory/block.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/reservation.hpp>
#include <kvfolio/sequence.hpp>
#include <kvfolio/token_runs.hpp>

namespace kvfolio {

/// What a request would take, and what there is.
struct fit {
  std::size_t hit_tokens = 0;        ///< tokens of the prompt that need not be computed again
  std::size_t pages_needed = 0;      ///< pages it would take, copies of shared ones included
  std::size_t pages_obtainable = 0;  ///< pages that could be taken now

  /// Would it succeed now?
  [[nodiscard]] bool fits() const noexcept { return pages_needed <= pages_obtainable; }
};

/// What a truncation dropped.
struct truncation {
  std::size_t tokens = 0;     ///< positions that lost their storage
  std::size_t committed = 0;  ///< of those, committed ones
  std::size_t pages = 0;      ///< pages that left the sequence's table, from its end
};

/// A snapshot of a cache.
struct cache_statistics {
  std::size_t pages = 0;             ///< in the pool, without a reserved null page
  std::size_t free_pages = 0;        ///< that nobody uses, reserved ones included
  std::size_t reserved_pages = 0;    ///< of those, set aside by reservations
  std::size_t landing_pages = 0;     ///< that only a copy in flight still uses
  std::size_t used_pages = 0;        ///< that some sequence uses, counted once
  std::size_t used_bytes = 0;        ///< bytes of the used pages
  std::size_t sequences = 0;         ///< that are alive
  std::size_t tokens = 0;            ///< sum of their lengths
  std::size_t committed_tokens = 0;  ///< sum of what they committed
  std::size_t table_pages = 0;       ///< sum of their tables; less `used_pages`: saved by sharing
  std::size_t slack_tokens = 0;  ///< positions of their tables past their lengths: internal waste
};

/// The KV memory of many sequences, in pages that they share until they write.
///
/// ```
/// kv::paged_cache<> cache{{.shape = kv::model::grouped_query(32, 8, 128, kv::dtype::f16),
///                          .pages = 4096}};
/// auto chat = cache.create(prompt).value();
/// if (auto ok = chat.append(prompt.size()); !ok) return wait(ok.error());
/// ```
///
/// **How sharing is counted.** The pages of a sequence form a chain, each held by the next one, and
/// the sequence itself pins only the last. A page's pins are thus the sequences that end in it and
/// the pages that follow it; a fork is one pin, whatever its length, and what is let go is let go
/// from the end, until a page somebody else holds. A page may be written in place iff it and all
/// that follow it have one pin.
///
/// **Failure.** A call that fails changes nothing that can be observed; it is announced to the
/// observer. Nothing is allocated after construction. **Threads.** One owner thread for the cache
/// and all its sequences. **Lifetime.** A cache neither moves nor copies, and outlives its
/// sequences and reservations, which is checked.
///
/// Complexities below are in tokens and pages of the call's own sequence, never of the pool.
template <policy_bundle Policies = default_policies>
class paged_cache {
 public:
  using policies = Policies;                              ///< the bundle
  using page_table = typename Policies::page_table;       ///< how a sequence finds its pages
  using sequence = kvfolio::sequence<paged_cache>;        ///< one request's, or one branch's, KV
  using reservation = kvfolio::reservation<paged_cache>;  ///< pages set aside for a step
  using runs = token_runs<page_table>;                    ///< where a range of tokens lies

  /// A wish of `reserve`: that `target.append(tokens)` will succeed.
  struct growth {
    sequence& target;    ///< who will grow
    std::size_t tokens;  ///< by how much
  };

  /// Policy objects with state of their own; one without state takes no space.
  struct parts {
    [[no_unique_address]] typename Policies::memory memory;         ///< of the pages' bytes
    [[no_unique_address]] typename Policies::page_allocator pages;  ///< of all usable pages
    [[no_unique_address]] typename Policies::page_table tables;     ///< of all sequences
    [[no_unique_address]] typename Policies::copies copies;         ///< among the pages
    [[no_unique_address]] typename Policies::observer observer;     ///< of every event
  };

  /// Returns the parts that a cache of `config` makes for itself, to be changed and handed to its
  /// constructor. Memory and observer are default-constructed; an observer that is made from a
  /// number of pages is made from it. \throws what `checked(config)` or a policy throws
  [[nodiscard]] static parts default_parts(const cache_config& config) {
    (void)checked(config);
    const std::size_t pages = config.pages;
    const auto first = to_page(config.reserve_null_page ? 1 : 0);
    const auto observer = [&] {
      using type = typename Policies::observer;
      if constexpr (std::constructible_from<type, std::size_t>) {
        return type(pages);
      } else {
        return type{};
      }
    };
    return {.memory = typename Policies::memory{},
            .pages = typename Policies::page_allocator(first, to_page(pages)),
            .tables = page_table(config.max_sequences, config.longest_in_pages()),
            .copies = typename Policies::copies(pages),
            .observer = observer()};
  }

  /// Makes an empty cache. \throws std::invalid_argument, or std::length_error, with what would be
  /// right \throws std::bad_alloc
  explicit paged_cache(const cache_config& config) : paged_cache{config, default_parts(config)} {}

  /// Makes an empty cache of the given parts. Precondition: they were made for `config`.
  /// \throws as above
  paged_cache(const cache_config& config, parts made)
      : config_{checked(config)},
        layout_{config.shape, config.tokens_per_page, config.order},
        longest_{config.longest()},
        memory_{std::move(made.memory), checked_mul(layout_.bytes(), config.pages)},
        pool_{std::move(made.pages), config.pages},
        tables_{std::move(made.tables)},
        copies_{std::move(made.copies)},
        observer_{std::move(made.observer)},
        records_(config.max_sequences),
        departures_(config.pages) {
    free_rows_.reserve(config.max_sequences);
    for (auto row = config.max_sequences; row-- > 0;) free_rows_.push_back(row);
  }

  paged_cache(const paged_cache&) = delete;
  paged_cache(paged_cache&&) = delete;
  paged_cache& operator=(const paged_cache&) = delete;
  paged_cache& operator=(paged_cache&&) = delete;
  /// Precondition: no sequence and no reservation of the cache is left.
  ~paged_cache() { KVFOLIO_EXPECTS(free_rows_.size() == records_.size() && reserved_ == 0); }

  /// Begins a sequence, without storage: `append` gives it some. O(1). Fails with
  /// `errc::too_large` if the pool could never hold `prompt`, with `errc::too_many_sequences` if
  /// `max_sequences` are alive or `prompt` is longer than `max_tokens`.
  [[nodiscard]] result<sequence> create(std::span<const token_id> prompt = {}) noexcept {
    if (const auto error = check_length(prompt.size()); error != errc{}) return fail(error);
    if (free_rows_.empty()) return fail(errc::too_many_sequences);
    return sequence{*this, take_row()};
  }

  /// Says what `create(prompt)` and growing by the rest of `prompt` would take. O(1). Leaves no
  /// trace.
  [[nodiscard]] fit probe(std::span<const token_id> prompt) const noexcept {
    return {.hit_tokens = 0,
            .pages_needed = ceil_div(prompt.size(), std::size_t{tokens_per_page()}),
            .pages_obtainable = obtainable()};
  }

  /// Sets aside what all of `wanted` need together, or nothing. While the reservation lives, its
  /// sequences must not be changed, but may be released. O(sequences). Fails with
  /// `errc::out_of_pages`, `errc::too_large` or `errc::too_many_sequences`. Precondition: no
  /// sequence is in `wanted` twice, or in another reservation.
  [[nodiscard]] result<reservation> reserve(std::span<const growth> wanted) noexcept {
    std::size_t pages = 0;
    auto error = errc{};
    std::size_t counted = 0;
    for (; counted < wanted.size(); ++counted) {
      const auto row = row_of(wanted[counted].target);
      error = check_length(records_[row].length, wanted[counted].tokens);
      if (error != errc{}) break;
      pages += plan_departure(row, wanted[counted].tokens);
    }
    for (const auto& each : wanted.first(counted)) forget_departure(row_of(each.target));
    if (error == errc{} && pages > pool_.capacity()) error = errc::too_large;
    if (error == errc{} && pages > obtainable()) error = errc::out_of_pages;
    if (error != errc{}) return fail(error);

    auto head = no_row;
    for (auto each = wanted.rbegin(); each != wanted.rend(); ++each) {
      const auto row = row_of(each->target);
      KVFOLIO_EXPECTS(!records_[row].reserved);
      records_[row].reserved = true;
      records_[row].reserved_tokens = each->tokens;
      records_[row].next_reserved = std::exchange(head, row);
    }
    reserved_ += pages;
    return reservation{*this, head, pages};
  }
  /// \overload
  [[nodiscard]] result<reservation> reserve(std::initializer_list<growth> wanted) noexcept {
    return reserve(std::span{wanted.begin(), wanted.size()});
  }

  /// The bytes of `page`, laid out as `layout()` says. Valid as long as the cache. O(1).
  /// Precondition: `page` is one of the pool's.
  [[nodiscard]] std::span<std::byte> bytes(page_id page) const noexcept requires
      host_memory<typename Policies::memory> {
    return page_array()[page];
  }

  /// All pages as one array; without bytes, if the memory is not the host's.
  [[nodiscard]] model::page_array page_array() const noexcept { return {memory_.bytes(), layout_}; }

  /// Where every byte of a page is.
  [[nodiscard]] const model::page_layout& layout() const noexcept { return layout_; }

  /// Tokens in a page.
  [[nodiscard]] std::uint32_t tokens_per_page() const noexcept { return layout_.tokens(); }

  /// What the cache was made from.
  [[nodiscard]] const cache_config& config() const noexcept { return config_; }

  /// Number of copies that wait for `take_copies`.
  template <deferring_copy_backend Copies = typename Policies::copies>
  [[nodiscard]] std::size_t waiting_copies() const noexcept {
    return copies_.waiting();
  }

  /// Moves the oldest waiting copies to `out`, as many as fit, for the engine to carry out in this
  /// order: after what it has written so far, and before what it writes next. Their pages are not
  /// reused before `complete`. O(copies).
  template <deferring_copy_backend Copies = typename Policies::copies>
  [[nodiscard]] copy_batch take_copies(std::span<copy_op> out) noexcept {
    return copies_.take(out);
  }

  /// The copies that were taken up to `ticket` have landed. Reporting it again does nothing.
  /// O(copies). Precondition: `take_copies` returned `ticket`.
  template <deferring_copy_backend Copies = typename Policies::copies>
  void complete(copy_ticket ticket) noexcept {
    copies_.complete(ticket, [this](page_id page) noexcept {
      if (pool_.pins(page) != 0) return;
      --landing_;
      pool_.release(page, page_history::draft);
    });
  }

  /// Counts what there is now. O(sequences).
  [[nodiscard]] cache_statistics statistics() const noexcept {
    cache_statistics seen{.pages = pool_.capacity(),
                          .free_pages = pool_.free(),
                          .reserved_pages = reserved_,
                          .landing_pages = landing_,
                          .sequences = records_.size() - free_rows_.size()};
    seen.used_pages = seen.pages - seen.free_pages - seen.landing_pages;
    seen.used_bytes = seen.used_pages * layout_.bytes();
    for (std::size_t row = 0; row < records_.size(); ++row) {
      seen.tokens += records_[row].length;
      seen.committed_tokens += records_[row].committed;
      seen.table_pages += tables_.size(row);
    }
    seen.slack_tokens = seen.table_pages * tokens_per_page() - seen.tokens;
    return seen;
  }

  /// Number of sequences that use `page`. For tests and tools: O(pages of all sequences).
  [[nodiscard]] std::size_t pins(page_id page) const noexcept {
    return audit{*this}.sequences_with(page);
  }

  /// Recounts everything that is kept twice. Returns nullptr, or which invariant does not hold. For
  /// tests and tools: O(pool and tables), and it allocates. \throws std::bad_alloc
  [[nodiscard]] const char* check_invariants() const { return audit{*this}.broken_invariant(); }

  /// A hash of all that decides the future: equal calls give equal digests, on every rank and in
  /// every process. O(pool and tables).
  [[nodiscard]] std::uint64_t state_digest() const noexcept { return audit{*this}.digest(); }

  /// The observer, and the source of the bytes, for their statistics.
  [[nodiscard]] const typename Policies::observer& observer() const noexcept { return observer_; }
  /// \overload
  [[nodiscard]] const typename Policies::memory& memory() const noexcept {
    return memory_.source();
  }

 private:
  friend sequence;
  friend reservation;
  using audit = detail::cache_audit<paged_cache>;
  friend audit;

  using row_id = std::uint32_t;
  static constexpr row_id no_row = UINT32_MAX;

  struct record {
    std::size_t length = 0;
    std::size_t committed = 0;
    std::size_t reserved_tokens = 0;
    row_id next_reserved = no_row;  // in the list of the reservation
    bool reserved = false;
    bool alive = false;
  };

  // What the sequences before this one in a reservation will do to a page that they share.
  struct departure {
    std::uint32_t leaving = 0;  // sequences that will copy it, and so let go of it
    std::uint32_t unread = 0;   // leading tokens that those copies will read
  };

  struct need {
    std::size_t pages = 0;
    bool copies_tail = false;
  };

  [[nodiscard]] row_id row_of(const sequence& target) const noexcept {
    KVFOLIO_EXPECTS(target.cache_ == this);
    return target.row_;
  }

  errc fail(errc error) noexcept {
    notify(observer_, event::failed{error});
    return error;
  }

  [[nodiscard]] std::size_t obtainable() const noexcept { return pool_.free() - reserved_; }

  // Why no sequence can ever have `tokens` more than `length` tokens; errc{} if one can.
  [[nodiscard]] errc check_length(std::size_t length, std::size_t tokens = 0) const noexcept {
    const auto most = pool_.capacity() * tokens_per_page();
    if (length > most || tokens > most - length) return errc::too_large;
    return length + tokens > longest_ ? errc::too_many_sequences : errc{};
  }

  [[nodiscard]] row_id take_row() noexcept {
    const auto row = free_rows_.back();
    free_rows_.pop_back();
    records_[row] = {.alive = true};
    return row;
  }

  [[nodiscard]] record& changing(row_id row) noexcept {
    KVFOLIO_EXPECTS(records_[row].alive && !records_[row].reserved);
    return records_[row];
  }

  // What `row` needs to grow by `tokens`, once the sequences in `before` have left its last page.
  [[nodiscard]] need needs(row_id row, std::size_t tokens, departure before = {}) const noexcept {
    const auto held = tables_.size(row);
    const auto room = held * tokens_per_page() - records_[row].length;
    need result;
    if (tokens == 0) return result;
    if (tokens > room) result.pages = ceil_div(tokens - room, std::size_t{tokens_per_page()});
    if (room == 0) return result;
    const auto tail = tables_.at(row, held - 1);
    const auto valid = tokens_per_page() - room;
    result.copies_tail = pool_.pins(tail) - before.leaving > 1 ||
                         std::max(before.unread, copies_.unread(tail)) > valid;
    result.pages += result.copies_tail ? 1 : 0;
    return result;
  }

  [[nodiscard]] fit probe_growth(row_id row, std::size_t tokens) const noexcept {
    return {.pages_needed = needs(row, tokens).pages, .pages_obtainable = obtainable()};
  }

  std::size_t plan_departure(row_id row, std::size_t tokens) noexcept {
    const auto held = tables_.size(row);
    if (held == 0) return needs(row, tokens).pages;
    auto& plan = departures_[to_index(tables_.at(row, held - 1))];
    const auto wanted = needs(row, tokens, plan);
    if (wanted.copies_tail) {
      const auto valid = records_[row].length - (held - 1) * tokens_per_page();
      ++plan.leaving;
      plan.unread = std::max(plan.unread, static_cast<std::uint32_t>(valid));
    }
    return wanted.pages;
  }

  void forget_departure(row_id row) noexcept {
    const auto held = tables_.size(row);
    if (held != 0) departures_[to_index(tables_.at(row, held - 1))] = {};
  }

  void resolve(row_id head, std::size_t pages, bool accepted) noexcept {
    reserved_ -= pages;
    while (head != no_row) {
      auto& each = records_[head];
      const auto row = std::exchange(head, each.next_reserved);
      each.reserved = false;
      if (!each.alive) {
        free_rows_.push_back(row);
      } else if (accepted) {
        const auto wanted = needs(row, each.reserved_tokens);
        KVFOLIO_EXPECTS(wanted.pages <= obtainable());
        grow(row, each.reserved_tokens, wanted);
      }
    }
  }

  result<void> append(row_id row, std::size_t tokens) noexcept {
    const auto length = changing(row).length;
    if (const auto error = check_length(length, tokens); error != errc{}) return fail(error);
    const auto wanted = needs(row, tokens);
    if (wanted.pages > obtainable()) return fail(errc::out_of_pages);
    grow(row, tokens, wanted);
    return {};
  }

  // Cannot fail: the pages are there.
  void grow(row_id row, std::size_t tokens, need wanted) noexcept {
    auto& self = records_[row];
    if (wanted.copies_tail) {
      const auto last = tables_.size(row) - 1;
      copy_pages(row, last, last + 1);
      --wanted.pages;
    }
    for (; wanted.pages != 0; --wanted.pages) {
      const auto page = *pool_.allocate();  // its pin is ours; our pin of the last page becomes its
      tables_.push_back(row, page);
      notify(observer_, event::page_fault{page});
    }
    self.length += tokens;
  }

  // Replaces the pages in `[first, end)` by copies of our own, as far as they hold our tokens. The
  // pages after `end` are ours already. Precondition: page `end - 1` is not.
  void copy_pages(row_id row, std::size_t first, std::size_t end) noexcept {
    if (first != 0) pool_.pin(tables_.at(row, first - 1));
    auto left = page_id{};
    for (auto index = first; index < end; ++index) {
      left = tables_.at(row, index);
      const auto fresh = *pool_.allocate();
      const auto valid = std::min<std::size_t>(tokens_per_page(),
                                               records_[row].length - index * tokens_per_page());
      const copy_op op{left, fresh, 0, static_cast<std::uint32_t>(valid)};
      copies_.submit(op, page_array());
      tables_.replace(row, index, fresh);
      notify(observer_, event::page_copied{op});
    }
    // Of the old pages we held the last one. It is free now only if none but a copy in flight reads
    // it; then it lets go of the page before it, which the new one holds.
    if (let_go(left, page_history::draft) && first != 0) {
      KVFOLIO_EXPECTS(end - first == 1);
      (void)pool_.unpin(tables_.at(row, first - 1));
    }
  }

  // Drops a pin of a chain's last page and says whether nobody needs it any more.
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

  // Releases the pages from `keep` on, deepest first, and holds what is left by its last page.
  void drop_pages(row_id row, std::size_t keep) noexcept {
    auto end = tables_.size(row);
    if (keep == end) return;
    if (keep != 0) pool_.pin(tables_.at(row, keep - 1));
    while (end > keep) {
      const bool full = end * tokens_per_page() <= records_[row].committed;
      if (!let_go(tables_.at(row, end - 1), full ? page_history::committed : page_history::draft)) {
        break;
      }
      --end;
    }
    // The page after it is gone, and with it the pin that it had.
    if (end == keep && keep != 0) (void)pool_.unpin(tables_.at(row, keep - 1));
    tables_.truncate(row, keep);
  }

  result<runs> writable(row_id row, std::size_t first, std::size_t count) noexcept {
    const auto& self = changing(row);
    if (first < self.committed || first > self.length || count > self.length - first) {
      return fail(errc::out_of_range);
    }
    const runs all{tables_, row, tokens_per_page(), first, first + count};
    if (count == 0) return all;
    const auto begin = first / tokens_per_page();
    auto end = tables_.size(row);  // of the pages that somebody else holds too
    while (end > begin && pool_.unique(tables_.at(row, end - 1))) --end;
    for (auto index = end; index * tokens_per_page() < first + count; ++index) {
      if (copies_.busy(tables_.at(row, index))) return fail(errc::in_flight);
    }
    if (end - begin > obtainable()) return fail(errc::out_of_pages);
    if (end != begin) copy_pages(row, begin, end);
    return all;
  }

  void commit(row_id row, std::span<const token_id> tokens) noexcept {
    auto& self = changing(row);
    KVFOLIO_EXPECTS(tokens.size() <= self.length - self.committed);
    self.committed += tokens.size();
  }

  result<sequence> fork(row_id parent) noexcept {
    const auto& self = changing(parent);
    if (free_rows_.empty()) return fail(errc::too_many_sequences);
    const auto child = take_row();
    records_[child].length = self.length;
    records_[child].committed = self.committed;
    tables_.fork(parent, child);
    const auto pages = tables_.size(parent);
    if (pages != 0) pool_.pin(tables_.at(parent, pages - 1));
    notify(observer_, event::forked{pages});
    return sequence{*this, child};
  }

  truncation truncate(row_id row, std::size_t length) noexcept {
    auto& self = changing(row);
    KVFOLIO_EXPECTS(length <= self.length);
    const auto keep = ceil_div(length, std::size_t{tokens_per_page()});
    const truncation dropped{.tokens = self.length - length,
                             .committed = self.committed - std::min(self.committed, length),
                             .pages = tables_.size(row) - keep};
    drop_pages(row, keep);
    self.length = length;
    self.committed -= dropped.committed;
    return dropped;
  }

  void release(row_id row) noexcept {
    KVFOLIO_EXPECTS(records_[row].alive);
    drop_pages(row, 0);
    const auto [reserved, next] = std::pair{records_[row].reserved, records_[row].next_reserved};
    records_[row] = {.next_reserved = next, .reserved = reserved};
    if (!reserved) free_rows_.push_back(row);  // else when the reservation is resolved
  }

  cache_config config_;
  model::page_layout layout_;
  std::size_t longest_;
  memory::block<typename Policies::memory> memory_;
  page_pool<typename Policies::page_allocator, typename Policies::refcount> pool_;
  page_table tables_;
  [[no_unique_address]] typename Policies::copies copies_;
  [[no_unique_address]] typename Policies::observer observer_;
  std::vector<record> records_;        // by row
  std::vector<row_id> free_rows_;      // within the capacity reserved at construction
  std::vector<departure> departures_;  // by page; all empty between calls
  std::size_t reserved_ = 0;           // free pages that reservations have set aside
  std::size_t landing_ = 0;            // pages without pins that copies in flight still use
};

}  // namespace kvfolio
