// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/rank_order.hpp>
#include <kvfolio/core/retention_hint.hpp>
#include <kvfolio/eviction/concept.hpp>

#include "semantics.hpp"
#include "semantics_paths.hpp"

namespace replay {

/// When each block of each request is wanted next: what only a replay can know.
class next_uses {
 public:
  static constexpr std::uint64_t never = UINT64_MAX;

  /// Reads the trace from its end. A time is the number of a request, or in `plain`, where a block
  /// may come twice in one, of a reference.
  next_uses(std::span<const block_request> trace, semantics mode) {
    for (const auto& request : trace) {
      first_.push_back(references_);
      references_ += request.hash_ids.size();
    }
    next_.resize(references_);
    std::unordered_map<std::uint64_t, std::uint64_t> upcoming;
    auto reference = references_;
    for (auto number = trace.size(); number-- > 0;) {
      const auto ids = trace[number].hash_ids;
      for (auto depth = ids.size(); depth-- > 0;) {
        const auto now = mode == semantics::plain ? --reference : (--reference, number);
        const auto [at, is_last] = upcoming.try_emplace(ids[depth], now);
        next_[reference] = is_last ? never : std::exchange(at->second, now);
      }
    }
  }

  /// When the block at `depth` of request `number`, counted from 0, is wanted again; or `never`.
  [[nodiscard]] std::uint64_t after(std::size_t number, std::size_t depth) const noexcept {
    return next_[first_[number] + depth];
  }

 private:
  std::vector<std::size_t> first_;   // references before a request
  std::vector<std::uint64_t> next_;  // by reference
  std::size_t references_ = 0;
};

/// A guess for each request whether its session goes on, right 70 times of 100: what an engine may
/// know, from a model of its own or because the client says so.
///
/// A session goes on if a later request repeats the full blocks of this one. The guesses that are
/// wrong are drawn by SplitMix64 from `seed` and the number of the request; equal seeds are wrong
/// about the same ones.
[[nodiscard]] inline std::vector<kvfolio::continuation> guess_continuations(
    std::span<const block_request> trace, std::uint64_t block_tokens, std::uint64_t seed) {
  static constexpr double wrong = 0.3;
  const next_uses uses{trace, semantics::a_l};
  std::vector<kvfolio::continuation> guesses;
  for (std::size_t number = 0; number < trace.size(); ++number) {
    const auto& request = trace[number];
    const auto full =
        std::min<std::size_t>(request.input_tokens / block_tokens, request.hash_ids.size());
    const bool goes_on = full > 0 && uses.after(number, full - 1) != next_uses::never;
    const auto bits = kvfolio::mix_bits((seed ^ number) + 0x9e37'79b9'7f4a'7c15U);
    const bool is_wrong = static_cast<double>(bits >> 11U) * 0x1p-53 < wrong;
    guesses.push_back(goes_on != is_wrong ? kvfolio::continuation::expected
                                          : kvfolio::continuation::over);
  }
  return guesses;
}

/// Evicts the eligible page that is wanted last, or never; of several, the one used longest ago.
///
/// Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal
/// 5(2), 1966, where every page that is missed must come in. O(log n); knows the future, and so is
/// no policy of a cache. The uses must outlive it.
class belady {
 public:
  belady(std::size_t pages, const next_uses& uses) : uses_{&uses}, order_{pages} {}

  void miss(const kvfolio::page_access& /*access*/) noexcept {}
  [[nodiscard]] std::optional<kvfolio::page_id> evict(const kvfolio::page_access& /*access*/,
                                                      kvfolio::page_set /*eligible*/) noexcept {
    return order_.take_first();
  }
  void insert(kvfolio::page_id page, const kvfolio::page_access& access) noexcept {
    order_.insert(page, rank(access));
  }
  void touch(kvfolio::page_id page, const kvfolio::page_access& access) noexcept {
    order_.change(page, rank(access));
  }
  void erase(kvfolio::page_id page) noexcept { order_.erase(page); }
  void suspend(kvfolio::page_id page) noexcept { order_.hide(page); }
  void resume(kvfolio::page_id page) noexcept { order_.show(page); }
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

 private:
  using ranking = std::pair<std::uint64_t, std::uint64_t>;  // nearness, last use

  [[nodiscard]] ranking rank(const kvfolio::page_access& access) const noexcept {
    return {next_uses::never - uses_->after(access.request - 1, access.depth), access.access};
  }

  const next_uses* uses_;
  kvfolio::rank_order<ranking> order_;
};

/// The most that any choice can hit where requests take no time and no block must be kept: after
/// each request, of what is there and what it brought, the `capacity` blocks that are wanted next
/// remain. Of blocks that one request wants, those nearer to the root remain, as the others are
/// worth nothing without them; so what is kept is always whole prefixes. O(log n) a block. What it
/// evicts and never takes in is not told apart, and not counted.
[[nodiscard]] inline semantics_counts replay_optimum(std::span<const block_request> trace,
                                                     const block_paths& paths,
                                                     const next_uses& uses, std::size_t capacity,
                                                     std::uint64_t block_tokens) {
  semantics_counts counts{.evictions = std::nullopt, .bypassed_inserts = std::nullopt};
  using kept_block = std::tuple<std::uint64_t, std::size_t, std::uint32_t>;  // next, depth, block
  std::set<kept_block> kept;
  for (const auto& request : trace) {
    const auto now = counts.requests++;
    const auto path = paths.path(now);
    std::size_t hits = 0;
    while (hits < path.size() && kept.erase({now, hits, path[hits]}) == 1) ++hits;
    for (std::size_t depth = 0; depth < path.size(); ++depth) {
      const auto next = uses.after(now, depth);
      if (next != next_uses::never) kept.emplace(next, depth, path[depth]);
    }
    while (kept.size() > capacity) kept.erase(std::prev(kept.end()));
    counts.block_refs += path.size();
    counts.hit_blocks += hits;
    counts.input_tokens += request.input_tokens;
    counts.hit_tokens += std::min<std::uint64_t>(block_tokens * hits, request.input_tokens);
  }
  return counts;
}

}  // namespace replay
