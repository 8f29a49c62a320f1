// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/cache_config.hpp>
#include <kvfolio/cache_copies.hpp>
#include <kvfolio/cache_parts.hpp>
#include <kvfolio/cache_preemption.hpp>
#include <kvfolio/cache_reports.hpp>
#include <kvfolio/cache_upkeep.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/fit.hpp>
#include <kvfolio/memory/block.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/page_chains.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/request_options.hpp>
#include <kvfolio/reservation.hpp>
#include <kvfolio/sequence.hpp>
#include <kvfolio/sequence_records.hpp>
#include <kvfolio/token_runs.hpp>
#include <kvfolio/truncation.hpp>

namespace kvfolio {

/// The KV memory of many sequences, in pages that they share until they write.
///
/// ```
/// kv::paged_cache<> cache{{.shape = kv::model::grouped_query(32, 8, 128, kv::dtype::f16),
///                          .pages = 4096}};
/// auto chat = cache.create(prompt).value();
/// if (auto ok = chat.append(prompt.size()); !ok) return wait(ok.error());
/// ```
///
/// **Failure.** A call that fails changes nothing that can be observed; it is announced to the
/// observer. Nothing is allocated after construction. **Threads.** One owner thread for the cache
/// and all its sequences. **Lifetime.** A cache neither moves nor copies, and outlives its
/// sequences and reservations, which is checked.
///
/// Complexities below are in tokens and pages of the call's own sequence, never of the pool.
template <policy_bundle Policies = default_policies>
class paged_cache : public cache_reports<paged_cache<Policies>>,
                    public cache_copies<paged_cache<Policies>, typename Policies::copies>,
                    public cache_preemption<paged_cache<Policies>, Policies>,
                    public cache_upkeep<paged_cache<Policies>> {
 public:
  using policies = Policies;                              ///< the bundle
  using page_table = typename Policies::page_table;       ///< how a sequence finds its pages
  using sequence = kvfolio::sequence<paged_cache>;        ///< one request's, or one branch's, KV
  using reservation = kvfolio::reservation<paged_cache>;  ///< pages set aside for a step
  using parts = cache_parts<Policies>;                    ///< policy objects
  using runs = token_runs<page_table>;                    ///< where a range of tokens lies

  /// A wish of `reserve`: that `target.append(tokens)` will succeed.
  struct growth {
    sequence& target;    ///< who will grow
    std::size_t tokens;  ///< by how much
  };

  /// Makes an empty cache. \throws std::invalid_argument, or std::length_error, with what would be
  /// right \throws std::bad_alloc
  explicit paged_cache(const cache_config& config) : paged_cache{config, parts::make(config)} {}

  /// Makes an empty cache of the given parts. Precondition: they were made for `config`.
  /// \throws as above
  paged_cache(const cache_config& config, parts made)
      : preemption{std::move(made.tier), checked(config)},
        config_{config},
        layout_{config.shape, config.tokens_per_page, config.order},
        longest_{config.longest()},
        memory_{std::move(made.memory), checked_mul(layout_.bytes(), config.pages)},
        chains_{std::move(made), {memory_.bytes(), layout_}, config.pages, config.max_sequences},
        records_{config.max_sequences},
        matched_(Policies::prefix_index::enabled ? config.longest_in_pages() : 0) {}

  paged_cache(const paged_cache&) = delete;
  paged_cache(paged_cache&&) = delete;
  paged_cache& operator=(const paged_cache&) = delete;
  paged_cache& operator=(paged_cache&&) = delete;
  /// Precondition: no sequence and no reservation of the cache is left.
  ~paged_cache() { KVFOLIO_EXPECTS(records_.unused() && resident().set_aside() == 0); }

  /// Begins a sequence with the longest indexed prefix of `prompt` in whole pages, at most
  /// `prompt.size() - 1` tokens: the last must be computed for its logits. An index that finds the
  /// beginnings of pages adds those of one more, if there is room for a copy. These are `length()`
  /// and `committed()`; `append` gives storage to the rest. O(hit pages). Fails with
  /// `errc::too_large` if the pool could never hold `prompt`, with `errc::too_many_sequences` if
  /// `max_sequences` are alive or `prompt` is longer than `max_tokens`.
  [[nodiscard]] result<sequence> create(std::span<const token_id> prompt = {},
                                        const request_options& options = {}) noexcept {
    if (const auto error = check_length(0, prompt.size()); error != errc{}) return fail(error);
    if (records_.full()) return fail(errc::too_many_sequences);
    const auto row = records_.take();
    auto& self = records_[row];
    self = {.realm = {options.scope, epoch_, options.media},
            .request = ++requests_,
            .session = options.session,
            .retention = options.retention,
            .ranges = options.ranges,
            .prompt_pages = static_cast<std::uint32_t>(prompt.size() / tokens_per_page()),
            .alive = true};
    const auto at = match(self.realm, prompt);
    self.hit_pages = static_cast<std::uint32_t>(at.pages);
    chains_.begin(row, std::span{matched_}.first(at.pages), at, self);
    self.length = self.committed = at.pages * tokens_per_page();
    for (std::size_t depth = 0; depth < at.pages; ++depth) {
      notify(resident().observer(), event::page_hit{matched_[depth], depth});
    }
    if constexpr (partial_prefix_index<typename Policies::prefix_index>) {
      const auto inside = match_inside(self.realm, at, prompt);
      if (inside.page && chains_.begin_inside(row, inside, self)) {
        self.length = self.committed += inside.tokens;
      }
    }
    notify(resident().observer(), event::prompt_matched{self.length, prompt, self.realm.words()});
    return hold(row);
  }

  /// Says what `create(prompt, options)` and growing by the rest of `prompt` would take, and what
  /// there would be. O(hit pages). Leaves no trace.
  [[nodiscard]] fit probe(std::span<const token_id> prompt,
                          const request_options& options = {}) const noexcept {
    const prefix_realm realm{options.scope, epoch_, options.media};
    const auto at = match(realm, prompt);
    const auto pages = ceil_div(prompt.size(), std::size_t{tokens_per_page()});
    fit seen{.hit_tokens = at.pages * tokens_per_page(),
             .pages_needed = pages - at.pages,
             .pages_obtainable = obtainable_beside(at)};
    if constexpr (partial_prefix_index<typename Policies::prefix_index>) {
      foresee_inside(match_inside(realm, at, prompt), seen);
    }
    return seen;
  }

  /// Sets aside what all of `wanted` need together, or nothing. While the reservation lives, its
  /// sequences must not be changed, but may be released. O(sequences). Fails with
  /// `errc::out_of_pages`, `errc::too_large` or `errc::too_many_sequences`. Precondition: no
  /// sequence is in `wanted` twice, or in another reservation.
  [[nodiscard]] result<reservation> reserve(std::span<const growth> wanted) noexcept {
    std::size_t pages = 0;
    auto error = errc{};
    auto planned = wanted.begin();
    for (; planned != wanted.end() && error == errc{}; ++planned) {
      const auto row = row_of(planned->target);
      const auto length = changing(row).length;
      error = check_length(length, planned->tokens);
      pages += chains_.plan(row, length, planned->tokens).pages;
    }
    for (const auto& each : std::span{wanted.begin(), planned}) chains_.forget(row_of(each.target));
    if (error == errc{} && pages > resident().pool().capacity()) error = errc::too_large;
    if (error == errc{} && !resident().obtainable(pages)) error = errc::out_of_pages;
    if (error != errc{}) return fail(error);

    auto head = sequence_record::none;
    for (auto each = wanted.rbegin(); each != wanted.rend(); ++each) {
      const auto row = row_of(each->target);
      auto& self = changing(row);  // in the list twice, it is reserved by now
      self.reserved = true;
      self.reserved_tokens = each->tokens;
      self.next_reserved = std::exchange(head, row);
    }
    resident().set_aside(pages, {});
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
    return chains_.bytes()[page];
  }

  /// Which pages the sequences have, each in its `row()`. Valid as long as the cache.
  [[nodiscard]] const page_table& tables() const noexcept { return chains_.tables(); }

  /// Tokens in a page.
  [[nodiscard]] std::uint32_t tokens_per_page() const noexcept { return layout_.tokens(); }

 private:
  friend sequence;
  friend reservation;
  using reports = cache_reports<paged_cache>;
  using waiting = cache_copies<paged_cache, typename Policies::copies>;
  using preemption = cache_preemption<paged_cache, Policies>;
  using upkeep = cache_upkeep<paged_cache>;
  using audit = detail::cache_audit<paged_cache>;
  friend reports;
  friend waiting;
  friend preemption;
  friend upkeep;
  friend audit;

  using row_id = std::uint32_t;

  [[nodiscard]] row_id row_of(const sequence& target) const noexcept {
    KVFOLIO_EXPECTS(target.cache_ == this);
    return target.row_;
  }

  [[nodiscard]] sequence_record& changing(row_id row) noexcept {
    KVFOLIO_EXPECTS(records_[row].alive && !records_[row].reserved);
    return records_[row];
  }

  errc fail(errc error) noexcept {
    notify(resident().observer(), event::failed{error});
    return error;
  }

  [[nodiscard]] const auto& resident() const noexcept { return chains_.resident(); }
  [[nodiscard]] auto& resident() noexcept { return chains_.resident(); }

  // Pages that can be had now.
  [[nodiscard]] std::size_t obtainable() const noexcept {
    return resident().at_hand() + resident().cached();
  }

  // The same if the pages up to `at` were in use, and could not make room.
  [[nodiscard]] std::size_t obtainable_beside(const prefix_cursor& at) const noexcept {
    auto pages = obtainable();
    for (auto page = at.page; page && resident().is_cached(*page);
         page = resident().index().parent(*page)) {
      --pages;
    }
    return pages;
  }

  // Leading tokens of a sequence that may be found by others.
  [[nodiscard]] std::size_t indexable(const sequence_record& self) const noexcept {
    return self.realm.epoch == epoch_ ? self.realm.identified() : 0;
  }

  [[nodiscard]] sequence hold(row_id row) noexcept { return sequence{*this, row}; }

  [[nodiscard]] prefix_cursor match(const prefix_realm& realm,
                                    std::span<const token_id> prompt) const noexcept {
    if (prompt.empty()) return {};
    const auto most = std::min({(prompt.size() - 1) / tokens_per_page(), matched_.size(),
                                realm.identified() / tokens_per_page()});
    return resident().index().match(realm, prompt, std::span{matched_}.first(most));
  }

  // What follows the whole pages of `prompt` that end at `at`.
  [[nodiscard]] partial_hit match_inside(const prefix_realm& realm, const prefix_cursor& at,
                                         std::span<const token_id> prompt) const noexcept {
    if (prompt.empty()) return {};
    const auto rest = prompt.first(prompt.size() - 1).subspan(at.pages * tokens_per_page());
    const auto most = std::min<std::size_t>(rest.size(), tokens_per_page());
    return resident().index().closest(realm, at, rest.first(most));
  }

  // Adds to `seen` what a hit inside a page changes: what is copied stays until the copy landed.
  void foresee_inside(const partial_hit& inside, fit& seen) const noexcept {
    if (!inside.page) return;
    using index = typename Policies::prefix_index;
    const bool taken = index::takes_unused && resident().is_evictable(*inside.page);
    const std::size_t held = !taken && resident().is_cached(*inside.page) ? 1 : 0;
    if (!taken && seen.pages_obtainable <= held) return;
    seen.hit_tokens += inside.tokens;
    if (deferring_copy_backend<typename Policies::copies>) seen.pages_obtainable -= held;
  }

  // Why no sequence can ever have `tokens` more than `length` tokens; errc{} if one can.
  [[nodiscard]] errc check_length(std::size_t length, std::size_t tokens) const noexcept {
    const auto most = resident().pool().capacity() * tokens_per_page();
    if (length > most || tokens > most - length) return errc::too_large;
    return length + tokens > longest_ ? errc::too_many_sequences : errc{};
  }

  [[nodiscard]] fit probe_growth(row_id row, std::size_t tokens) const noexcept {
    return {.pages_needed = chains_.needs(row, records_[row].length, tokens).pages,
            .pages_obtainable = obtainable()};
  }

  result<void> append(row_id row, std::size_t tokens) noexcept {
    auto& self = changing(row);
    if (chains_.has_room(row, self.length, tokens) && self.length + tokens <= longest_) {
      self.length += tokens;
      return {};
    }
    if (const auto error = check_length(self.length, tokens); error != errc{}) return fail(error);
    const auto wanted = chains_.needs(row, self.length, tokens);
    if (!resident().obtainable(wanted.pages) || !resident().has_run(wanted.pages)) {
      return fail(errc::out_of_pages);
    }
    extend(row, tokens, wanted);
    return {};
  }

  // Cannot fail: the pages can be had.
  void extend(row_id row, std::size_t tokens,
              typename page_chains<Policies>::need wanted) noexcept {
    auto& self = records_[row];
    if (tokens == 0) return;
    chains_.grow(row, self.length, self.committed, wanted, self);
    self.length += tokens;
  }

  result<runs> writable(row_id row, std::size_t first, std::size_t count) noexcept {
    const auto& self = changing(row);
    if (first < self.committed || first > self.length || count > self.length - first) {
      return fail(errc::out_of_range);
    }
    const runs all{tables(), row, tokens_per_page(), first, first + count};
    if (count == 0) return all;
    const auto begin = first / tokens_per_page();
    const auto end = chains_.shared_end(row, begin);
    for (auto index = end; index * tokens_per_page() < first + count; ++index) {
      if (resident().copies().busy(tables().at(row, index))) return fail(errc::in_flight);
    }
    if (!resident().obtainable(end - begin)) return fail(errc::out_of_pages);
    chains_.make_drafts(row, end);
    if (end != begin) chains_.copy(row, begin, end, self.length, self.committed, self);
    return all;
  }

  void commit(row_id row, std::span<const token_id> tokens) noexcept {
    auto& self = changing(row);
    KVFOLIO_EXPECTS(tokens.size() <= self.length - self.committed);
    chains_.note(row, self.committed, tokens, self.realm, indexable(self), self);
    self.committed += tokens.size();
  }

  result<sequence> fork(row_id parent) noexcept {
    const auto& self = changing(parent);
    if (records_.full()) return fail(errc::too_many_sequences);
    const auto child = records_.take();
    records_[child] = self;
    chains_.fork(parent, child);
    return hold(child);
  }

  truncation truncate(row_id row, std::size_t length) noexcept {
    auto& self = changing(row);
    KVFOLIO_EXPECTS(length <= self.length);
    const auto keep = ceil_div(length, std::size_t{tokens_per_page()});
    const truncation dropped{.tokens = self.length - length,
                             .committed = self.committed - std::min(self.committed, length),
                             .pages = tables().size(row) - keep};
    chains_.shrink(row, keep, self.committed, std::min(self.committed, length), self);
    self.length = length;
    self.committed -= dropped.committed;
    self.compute_end = std::min(self.compute_end, length);
    return dropped;
  }

  void release(row_id row) noexcept {
    auto& self = records_[row];
    KVFOLIO_EXPECTS(self.alive);
    chains_.clear(row, self.committed, self);
    self.length = self.committed = 0;
    self.alive = false;
    if (!self.reserved) records_.put(row);  // else when the reservation is resolved
  }

  void resolve(row_id head, std::size_t pages, bool accepted) noexcept {
    resident().put_back(pages);
    while (head != sequence_record::none) {
      auto& self = records_[head];
      const auto row = std::exchange(head, self.next_reserved);
      self.reserved = false;
      if (!self.alive) {
        records_.put(row);
      } else if (accepted) {
        const auto wanted = chains_.needs(row, self.length, self.reserved_tokens);
        extend(row, self.reserved_tokens, wanted);
      }
    }
  }

  cache_config config_;
  model::page_layout layout_;
  std::size_t longest_;
  memory::block<typename Policies::memory> memory_;
  page_chains<Policies> chains_;
  sequence_records records_;
  mutable std::vector<page_id> matched_;  // by the last match
  std::uint64_t epoch_ = 0;
  std::uint64_t requests_ = 0;
};

}  // namespace kvfolio
