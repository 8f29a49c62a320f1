// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <utility>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/parked.hpp>
#include <kvfolio/tier/with_store.hpp>

#include <replay/checker.hpp>
#include <replay/job.hpp>
#include <replay/step_clock.hpp>
#include <replay/tier_options.hpp>

namespace replay {

/// Where requests wait that gave way. Here: nowhere, they begin again.
template <class Cache>
class parking_place {
 public:
  parking_place(Cache& /*cache*/, const step_clock& /*clock*/) {}

  /// Gives up the pages of `one`.
  template <class Branch>
  void park(std::size_t /*number*/, Branch& one) {
    one.kv.release();
  }
  /// Is the request there? Never.
  [[nodiscard]] static bool holds(std::size_t /*number*/) { return false; }
  /// Is not called.
  template <class Job>
  [[nodiscard]] static bool bring_back(Job& /*owner*/,
                                       std::span<const kvfolio::token_id> /*tokens*/,
                                       checker<Cache>& /*check*/) {
    return false;
  }
  /// What moving took since this was asked: nothing.
  [[nodiscard]] static nanoseconds take_time() { return 0; }
  /// What was done: nothing.
  [[nodiscard]] static tier_use seen() { return {}; }
};

/// Where they wait if the cache has a tier with a store: with what that keeps of their pages.
template <class Cache>
requires kvfolio::storing_tier<typename Cache::policies::tier>
class parking_place<Cache> {
 public:
  /// For the sequences of `cache`, which must outlive it, by the speeds of `clock`.
  parking_place(Cache& cache, const step_clock& clock) : cache_{cache}, clock_{clock} {}

  /// Takes the pages of `one`, the only branch of request `number`.
  template <class Branch>
  void park(std::size_t number, Branch& one) {
    const auto committed = one.kv.committed();
    one.kv.truncate(committed);  // what was to be computed next will be
    auto parked = cache_.preempt(std::move(one.kv)).value();
    moved(parked.stored_pages());
    seen_.stored_pages += parked.stored_pages();
    time_ += policy().moving(bytes(parked.stored_pages()));
    parked_.insert_or_assign(number, std::move(parked));
  }

  /// Is the request there?
  [[nodiscard]] bool holds(std::size_t number) const { return parked_.contains(number); }

  /// Brings back what there is of the request, whose tokens are `tokens`, and checks it. Says
  /// whether there was room. What must be computed again while the rest comes back is computed;
  /// what must be computed without that is left to the server. Precondition: `holds(owner.number)`.
  template <class Job>
  [[nodiscard]] bool bring_back(Job& owner, std::span<const kvfolio::token_id> tokens,
                                checker<Cache>& check) {
    const auto waiting = parked_.find(owner.number);
    auto& one = owner.branches.front();
    const auto committed = waiting->second.committed();
    const auto stored = waiting->second.stored_pages();
    const auto found = waiting->second.probe().hit_tokens / cache_.tokens_per_page();
    auto back = std::move(waiting->second).resume();
    if (!back) return false;
    parked_.erase(waiting);
    one.kv = *std::move(back);
    check.check(owner, one);
    const auto has = kvfolio::ceil_div(one.kv.length(), std::size_t{cache_.tokens_per_page()});
    const auto came = std::min(stored, has - std::min(has, found));
    moved(came);
    seen_.read_pages += came;
    seen_.found_pages += found;
    const auto loading = policy().moving(bytes(came));
    nanoseconds computing = 0;
    if (const auto leading = one.kv.to_compute();
        leading != 0 && one.kv.length() >= one.kv.committed() + leading) {
      compute_beginning(one, tokens, leading, committed, check);
      check.check(owner, one);
      computing = clock_.cost(leading, false);
      seen_.computed_tokens += leading;
    }
    time_ += std::max(loading, computing);
    return true;
  }

  /// What moving, and computing meanwhile, took since this was asked.
  [[nodiscard]] nanoseconds take_time() {
    seen_.moving += time_;
    return std::exchange(time_, 0);
  }
  /// What was done.
  [[nodiscard]] const tier_use& seen() const { return seen_; }

 private:
  [[nodiscard]] const auto& policy() const { return cache_.tier().policy(); }
  [[nodiscard]] std::uint64_t bytes(std::size_t pages) const {
    return pages * cache_.tokens_per_page() * policy().token_bytes();
  }
  void moved(std::size_t pages) {
    seen_.model_bytes += bytes(pages);
    seen_.moved_bytes += pages * cache_.layout().bytes();
  }

  template <class Branch>
  static void compute_beginning(Branch& one, std::span<const kvfolio::token_id> tokens,
                                std::size_t leading, std::size_t committed, checker<Cache>& check) {
    const auto next = tokens.subspan(one.kv.committed(), leading);
    check.write(one, next);
    one.kv.commit(next);
    one.kv.commit(tokens.subspan(one.kv.committed(), committed - one.kv.committed()));
  }

  Cache& cache_;
  const step_clock& clock_;
  std::map<std::size_t, kvfolio::parked<Cache>> parked_;  // by request
  tier_use seen_;
  nanoseconds time_ = 0;  // not told yet
};

}  // namespace replay
