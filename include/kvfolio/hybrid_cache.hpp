// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/cache_copies.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/random_seed.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/fit.hpp>
#include <kvfolio/hybrid_audit.hpp>
#include <kvfolio/hybrid_config.hpp>
#include <kvfolio/hybrid_rows.hpp>
#include <kvfolio/hybrid_sequence.hpp>
#include <kvfolio/hybrid_statistics.hpp>
#include <kvfolio/memory/block.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/observe/make_observer.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/request_options.hpp>
#include <kvfolio/token_runs.hpp>
#include <kvfolio/truncation.hpp>

namespace kvfolio {

/// The KV and the states of many sequences, for models whose layers do not all keep alike: groups
/// of layers with full attention, windows, chunks, latents or recurrent states, over one pool of
/// pages.
///
/// ```
/// kv::hybrid_cache<> cache{{.groups = {{window_layers, kv::group::sliding_window{1024}},
///                                      {full_layers, kv::group::full{}}},
///                           .pages = 4096}};
/// ```
///
/// All pages have the same number of bytes, and any group may have any page. A prompt is resumed
/// where *every* group has what it needs, which is the case at whole *units*: the least number of
/// tokens that is whole pages in every group.
///
/// **Failure.** A call that fails changes nothing that can be observed; it is announced to the
/// observer. Nothing is allocated after construction. **Threads.** One owner thread for the cache
/// and all its sequences. **Lifetime.** A cache neither moves nor copies, and outlives its
/// sequences, which is checked.
template <policy_bundle Policies = default_policies, group_rule Rule = group::any_rule>
class hybrid_cache : public cache_copies<hybrid_cache<Policies, Rule>, typename Policies::copies> {
 public:
  using policies = Policies;                             ///< the bundle
  using config_type = hybrid_config<Rule>;               ///< what it is made from
  using page_table = typename Policies::page_table;      ///< how a sequence finds its pages
  using sequence = hybrid_sequence<hybrid_cache>;        ///< one request's, or one branch's, KV
  using runs = token_runs<page_table>;                   ///< where a range of tokens lies
  using observer_type = typename Policies::observer;     ///< who hears of every event
  using memory_source_type = typename Policies::memory;  ///< where the bytes come from

  /// Makes an empty cache. \throws std::invalid_argument, or std::length_error, with what would be
  /// right \throws std::bad_alloc
  explicit hybrid_cache(const config_type& config) requires
      std::default_initializable<memory_source_type> && self_made_observer<observer_type>
      : hybrid_cache{config, memory_source_type{}, make_observer<observer_type>(config.pages)} {}

  /// Makes an empty cache of bytes of `memory` that tells `observer`. \throws as above
  hybrid_cache(const config_type& config, memory_source_type memory, observer_type observer)
      : config_{config},
        plan_{plan_of(config)},
        longest_{longest_of(config, plan_)},
        memory_{std::move(memory), checked_mul(plan_.page_bytes, config.pages)},
        rows_{make_tree(std::move(observer)), make_tables(), make_arrays(), config.max_sequences},
        records_{config.max_sequences},
        matched_(longest_ / plan_.unit) {}

  hybrid_cache(const hybrid_cache&) = delete;
  hybrid_cache(hybrid_cache&&) = delete;
  hybrid_cache& operator=(const hybrid_cache&) = delete;
  hybrid_cache& operator=(hybrid_cache&&) = delete;
  /// Precondition: no sequence of the cache is left.
  ~hybrid_cache() { KVFOLIO_EXPECTS(records_.unused()); }

  /// Begins a sequence where the longest beginning of `prompt` in whole units can be resumed, at
  /// most `prompt.size() - 1` tokens. These are `length()` and `committed()`. O(hit pages). Fails
  /// with `errc::too_large` if the pool could never hold `prompt`, `max_step` tokens at a time;
  /// with `errc::too_many_sequences` if `max_sequences` are alive or `prompt` is longer than
  /// `max_tokens`.
  [[nodiscard]] result<sequence> create(std::span<const token_id> prompt = {},
                                        const request_options& options = {}) noexcept {
    if (prompt.size() <= longest_ && most_pages(prompt.size()) > resident().capacity()) {
      return fail(errc::too_large);
    }
    if (prompt.size() > longest_ || records_.full()) return fail(errc::too_many_sequences);
    const auto row = records_.take();
    auto& self = records_[row];
    self = {.realm = {options.scope, epoch_, options.media},
            .request = ++requests_,
            .session = options.session,
            .retention = options.retention,
            .ranges = options.ranges,
            .alive = true};
    const auto path = match(self.realm, prompt);
    rows_.begin(row, path, self);
    self.length = self.committed = path.size() * unit();
    notify(resident().observer(), event::prompt_matched{self.length, prompt, self.realm.words()});
    return sequence{*this, row};
  }

  /// Says what `create(prompt, options)` and growing by the rest of `prompt` at once would take,
  /// and what there would be. O(hit pages). Leaves no trace.
  [[nodiscard]] fit probe(std::span<const token_id> prompt,
                          const request_options& options = {}) const noexcept {
    const auto path = match({options.scope, epoch_, options.media}, prompt);
    fit seen{.hit_tokens = path.size() * unit(), .pages_obtainable = obtainable()};
    for (std::size_t group = 0; group < groups(); ++group) {
      seen.pages_needed += tree().groups()[group].pages(prompt.size()) -
                           tree().groups()[group].pages(seen.hit_tokens);
    }
    const auto use = [&](const auto& at) noexcept {
      if (resident().users(tree().page(at.slot)) == 0) --seen.pages_obtainable;
    };
    for (const auto node : path) tree().for_each_own(static_cast<std::uint32_t>(node), use);
    if (!path.empty()) tree().for_each_need(static_cast<std::uint32_t>(path.back()), use);
    return seen;
  }

  /// The most pages that a sequence of `length` tokens has at a time, over all groups, if it grows
  /// by at most `max_step` tokens before it commits. A pool with so many for each of its sequences
  /// never fails them.
  [[nodiscard]] std::size_t most_pages(std::size_t length) const noexcept {
    return tree().groups().most_pages(length, config_.max_step != 0 ? config_.max_step : SIZE_MAX);
  }

  /// What the cache was made from.
  [[nodiscard]] const config_type& config() const noexcept { return config_; }
  /// How the groups share pages.
  [[nodiscard]] const model::page_plan& plan() const noexcept { return plan_; }
  /// Number of groups.
  [[nodiscard]] std::size_t groups() const noexcept { return plan_.groups.size(); }
  /// Tokens in a page of `group`. Precondition: `group < groups()`, here and below.
  [[nodiscard]] std::uint32_t tokens_per_page(std::size_t group) const noexcept {
    return plan_.groups[group].tokens_per_page;
  }
  /// Tokens that are whole pages in every group: prompts are resumed at multiples of it.
  [[nodiscard]] std::uint32_t unit() const noexcept { return plan_.unit; }
  /// Where every byte of a page of `group` is; of a group of states, each is one token of it.
  [[nodiscard]] const model::page_layout& layout(std::size_t group) const noexcept {
    return rows_.array(group).layout();
  }
  /// The group whose page `page` is, or was last: with whose layout a copy is to be made.
  [[nodiscard]] std::size_t group_of(page_id page) const noexcept { return resident().group(page); }
  /// The bytes of `page`, padding included. Valid as long as the cache. O(1). Precondition: `page`
  /// is one of the pool's.
  [[nodiscard]] std::span<std::byte> bytes(page_id page) const noexcept requires
      host_memory<memory_source_type> {
    return memory_.bytes().subspan(to_index(page) * plan_.page_bytes, plan_.page_bytes);
  }

  /// Sets the logical time in which retention hints are given. Precondition: it does not go back.
  void advance(std::uint64_t now) noexcept {
    KVFOLIO_EXPECTS(now >= tree().now());
    rows_.tree().advance(now);
  }

  /// Makes everything indexed so far match no more. O(1). Cached pages are evicted as any others;
  /// sequences that live keep their pages and never index again.
  void invalidate() noexcept {
    ++epoch_;
    notify(resident().observer(), event::invalidated{epoch_});
  }

  /// Makes the cache as empty as when it was made. O(cached pages). Fails with `errc::in_use` if a
  /// sequence lives, with `errc::in_flight` if a copy has not landed; then nothing has changed.
  [[nodiscard]] result<void> reset() noexcept {
    if (!records_.unused()) return fail(errc::in_use);
    if (resident().free() + resident().cached() != resident().capacity()) {
      return fail(errc::in_flight);
    }
    while (rows_.tree().evict_one({})) continue;
    return {};
  }

  /// Counts what there is now. O(sequences).
  [[nodiscard]] hybrid_statistics statistics() const noexcept {
    hybrid_statistics seen{.pages = resident().capacity(),
                           .free_pages = resident().free(),
                           .cached_pages = resident().cached(),
                           .resume_points = tree().points()};
    seen.used_pages = seen.pages - seen.free_pages - seen.cached_pages;
    seen.used_bytes = seen.used_pages * plan_.page_bytes;
    for (std::size_t row = 0; row < records_.size(); ++row) {
      if (!records_[row].alive) continue;
      ++seen.sequences;
      seen.tokens += records_[row].length;
      seen.committed_tokens += records_[row].committed;
      seen.table_pages += rows_.tables().pages(row, records_[row].length);
    }
    return seen;
  }

  /// Number of sequences that have `page`. O(1).
  [[nodiscard]] std::size_t pins(page_id page) const noexcept { return resident().sequences(page); }

  /// Recounts everything that is kept twice. Returns nullptr, or which invariant does not hold. For
  /// tests and tools: O(pool and tables), and it allocates. \throws std::bad_alloc
  [[nodiscard]] const char* check_invariants() const { return audit{*this}.broken_invariant(); }

  /// A hash of all that decides the future: equal calls give equal digests. O(pool and tables).
  [[nodiscard]] std::uint64_t state_digest() const noexcept { return audit{*this}.digest(); }

  /// The observer, for what it saw.
  [[nodiscard]] const observer_type& observer() const noexcept { return resident().observer(); }
  /// The source of the bytes, for its statistics.
  [[nodiscard]] const memory_source_type& memory() const noexcept { return memory_.source(); }

 private:
  using row_id = std::uint32_t;
  using rows_type = hybrid_rows<Policies, Rule>;
  using tree_type = resume_tree<Policies, Rule>;
  using audit = detail::hybrid_audit<hybrid_cache>;
  using waiting = cache_copies<hybrid_cache, typename Policies::copies>;
  friend sequence;
  friend audit;
  friend waiting;

  [[nodiscard]] tree_type make_tree(observer_type observer) const {
    typename Policies::page_allocator pages(to_page(config_.reserve_null_page ? 1 : 0),
                                            to_page(config_.pages));
    return tree_type{groups_of(config_, plan_),
                     {std::move(pages), config_.pages, std::move(observer)},
                     config_.pages,
                     config_.max_sequences,
                     config_.key_seed ? *config_.key_seed : random_seed()};
  }
  [[nodiscard]] auto make_tables() const {
    return
        typename rows_type::tables_type{groups_of(config_, plan_), config_.max_sequences, longest_};
  }
  [[nodiscard]] std::vector<model::page_array> make_arrays() const {
    std::vector<model::page_array> arrays;
    arrays.reserve(plan_.groups.size());
    for (std::size_t group = 0; group < plan_.groups.size(); ++group) {
      const auto& [shape, rule] = config_.groups[group];
      const auto entries = rule.interval() != 0 ? 1 : plan_.groups[group].tokens_per_page;
      arrays.emplace_back(memory_.bytes(), model::page_layout{shape, entries, config_.order},
                          plan_.page_bytes);
    }
    return arrays;
  }

  [[nodiscard]] const tree_type& tree() const noexcept { return rows_.tree(); }
  [[nodiscard]] const auto& resident() const noexcept { return tree().pages(); }
  [[nodiscard]] auto& resident() noexcept { return rows_.tree().pages(); }
  [[nodiscard]] const page_table& table(std::size_t group) const noexcept {
    return rows_.tables()[group];
  }

  errc fail(errc error) noexcept {
    notify(resident().observer(), event::failed{error});
    return error;
  }

  // Pages that can be had now.
  [[nodiscard]] std::size_t obtainable() const noexcept {
    return resident().free() + resident().cached();
  }

  // The nodes up to the deepest resume point in `prompt`.
  [[nodiscard]] std::span<const page_id> match(const prefix_realm& realm,
                                               std::span<const token_id> prompt) const noexcept {
    if (prompt.empty()) return {};
    const auto most =
        std::min({(prompt.size() - 1) / unit(), matched_.size(), realm.identified() / unit()});
    auto found = tree().index().match(realm, prompt, std::span{matched_}.first(most)).pages;
    while (found != 0 && !tree().is_point(static_cast<std::uint32_t>(matched_[found - 1]))) --found;
    return std::span{matched_}.first(found);
  }

  // Why the sequence of `row` cannot have `tokens` tokens more; errc{} if it can.
  [[nodiscard]] errc check_growth(row_id row, std::size_t tokens) const noexcept {
    const auto& self = records_[row];
    if (tokens > longest_ - self.length) return errc::too_many_sequences;
    const auto step = self.length + tokens - self.committed;
    if (config_.max_step != 0 && step > config_.max_step) return errc::out_of_range;
    if (rows_.tables().pages(row, self.length + tokens) > resident().capacity()) {
      return errc::too_large;
    }
    return rows_.needs(row, self.length, tokens) > obtainable() ? errc::out_of_pages : errc{};
  }

  [[nodiscard]] fit probe_growth(row_id row, std::size_t tokens) const noexcept {
    return {.pages_needed = rows_.needs(row, records_[row].length, tokens),
            .pages_obtainable = obtainable()};
  }

  result<void> append(row_id row, std::size_t tokens) noexcept {
    auto& self = records_[row];
    if (tokens == 0) return {};
    if (const auto error = check_growth(row, tokens); error != errc{}) return fail(error);
    rows_.grow(row, self.length, tokens, self);
    self.length += tokens;
    return {};
  }

  void commit(row_id row, std::span<const token_id> tokens) noexcept {
    auto& self = records_[row];
    KVFOLIO_EXPECTS(tokens.size() <= self.length - self.committed);
    const auto indexable = self.realm.epoch == epoch_ ? self.realm.identified() : 0;
    rows_.note(row, self.committed, tokens, self.realm, indexable, self);
    self.committed += tokens.size();
  }

  result<sequence> fork(row_id parent) noexcept {
    if (records_.full()) return fail(errc::too_many_sequences);
    const auto child = records_.take();
    records_[child] = records_[parent];
    rows_.fork(parent, child, records_[parent].committed);
    return sequence{*this, child};
  }

  result<truncation> truncate(row_id row, std::size_t length) noexcept {
    auto& self = records_[row];
    KVFOLIO_EXPECTS(length <= self.length);
    const auto complete = std::min(self.committed, length);
    if (!rows_.may_end(row, self.length, length, complete)) return fail(errc::out_of_range);
    const truncation dropped{.tokens = self.length - length,
                             .committed = self.committed - complete,
                             .pages = rows_.shrink(row, length, self.committed, complete)};
    self.length = length;
    self.committed = complete;
    return dropped;
  }

  void release(row_id row) noexcept {
    auto& self = records_[row];
    rows_.clear(row, self.committed, self);
    self.length = self.committed = 0;
    self.alive = false;
    records_.put(row);
  }

  config_type config_;
  model::page_plan plan_;
  std::size_t longest_;
  memory::block<memory_source_type> memory_;
  rows_type rows_;
  sequence_records records_;
  mutable std::vector<page_id> matched_;  // by the last match
  std::uint64_t epoch_ = 0;
  std::uint64_t requests_ = 0;
};

}  // namespace kvfolio
