// SPDX-License-Identifier: Apache-2.0
// What do a use and a victim cost under each eviction policy, and what if most pages are pinned?
//
// A pool of 32,768 pages that a policy tracks, without a cache around it. A *use* touches a page
// and suspends and resumes it, as a request does that hits it. A *victim* is a miss, the page that
// leaves for it, and its arrival; of the keys that are missed, some left lately. Pages and keys are
// drawn beforehand, small ones more often.
//
// The floor is LRU by a linked list that knows no pins: moves a page to the young end, or takes one
// from the old end and puts it there. With 25,600 pages suspended, a policy that looked over them
// would take a thousand times as long.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/index_list.hpp>
#include <kvfolio/kvfolio.hpp>

#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::size_t pool_pages = 32'768;
constexpr std::size_t pinned_pages = 25'600;
constexpr std::size_t draws = 1U << 16U;  // in a round

// What is accessed: numbers below `bound`, the smaller of two draws.
std::vector<std::uint32_t> drawn(std::size_t bound, std::uint32_t seed) {
  std::mt19937 rng{seed};
  std::vector<std::uint32_t> all(draws);
  for (auto& each : all) {
    each = static_cast<std::uint32_t>(std::min(rng() % bound, rng() % bound));
  }
  return all;
}

// Pages by number, so that popular ones do not lie together.
std::vector<page_id> shuffled_pages() {
  std::vector<page_id> pages(pool_pages);
  for (std::size_t i = 0; i < pages.size(); ++i) pages[i] = to_page(i);
  std::shuffle(pages.begin(), pages.end(), std::mt19937{20'260});
  return pages;
}

// A policy that tracks every page of the pool.
template <class Policy>
class full_policy {
 public:
  explicit full_policy(bool pinned) : eligible_{pool_pages} {
    for (const auto page : pages_) {
      const auto access = next_access(key_of_[to_index(page)] = ++fresh_);
      policy_.miss(access);
      policy_.insert(page, access);
      eligible_.insert(to_index(page));
    }
    if (!pinned) return;
    for (std::size_t i = 0; i < pinned_pages; ++i) {
      eligible_.erase(to_index(pages_[i]));
      policy_.suspend(pages_[i]);
    }
  }

  void use(std::size_t draw) {
    const auto page = pages_[used_[draw]];
    policy_.suspend(page);
    policy_.touch(page, next_access(key_of_[to_index(page)]));
    policy_.resume(page);
  }

  void replace(std::size_t draw) {
    // A key that left, unless it came back since; else one that was never there.
    const auto left = std::exchange(left_[wanted_[draw]], 0);
    const auto access = next_access(left != 0 ? left : ++fresh_);
    policy_.miss(access);
    const auto page = policy_.evict(access, page_set{eligible_.words()});
    left_[gone_++ % left_.size()] = key_of_[to_index(*page)];
    key_of_[to_index(*page)] = static_cast<std::uint64_t>(access.key);
    policy_.insert(*page, access);
  }

 private:
  page_access next_access(std::uint64_t key) {
    ++accesses_;
    return {.key = content_key{key}, .access = accesses_, .request = accesses_};
  }

  std::vector<page_id> pages_ = shuffled_pages();
  std::vector<std::uint32_t> used_ = drawn(pool_pages, 1);
  std::vector<std::uint32_t> wanted_ = drawn(pool_pages, 2);
  std::vector<std::uint64_t> key_of_ = std::vector<std::uint64_t>(pool_pages);  // by page
  std::vector<std::uint64_t> left_ = std::vector<std::uint64_t>(pool_pages);    // lately; 0: none
  std::uint64_t fresh_ = 0;  // the last key that was new
  std::size_t gone_ = 0;     // keys that left
  Policy policy_{pool_pages};
  bitmap eligible_;
  std::uint64_t accesses_ = 0;
};

// The floor.
class bare_list {
 public:
  bare_list() {
    for (const auto page : pages_) order_.push_back(page);
  }
  void use(std::size_t draw) { order_.move_to_back(pages_[used_[draw]]); }
  void replace(std::size_t /*draw*/) { order_.move_to_back(*order_.front()); }

 private:
  std::vector<page_id> pages_ = shuffled_pages();
  std::vector<std::uint32_t> used_ = drawn(pool_pages, 1);
  index_list order_{pool_pages};
};

template <class Fixture>
body uses(std::shared_ptr<Fixture> of) {
  return [of](benchmark::State& state) {
    while (state.KeepRunningBatch(draws)) {
      for (std::size_t draw = 0; draw < draws; ++draw) {
        of->use(draw);
        benchmark::ClobberMemory();
      }
    }
  };
}

template <class Fixture>
body victims(std::shared_ptr<Fixture> of) {
  return [of](benchmark::State& state) {
    while (state.KeepRunningBatch(draws)) {
      for (std::size_t draw = 0; draw < draws; ++draw) {
        of->replace(draw);
        benchmark::ClobberMemory();
      }
    }
  };
}

struct floors {
  floor_id use;
  floor_id victim;
};

template <class Policy>
void ask_of(suite& suite, const floors& bare, const std::string& name, const bar& use = {}) {
  const auto free = [] { return std::make_shared<full_policy<Policy>>(false); };
  suite.ask("use, " + name, bare.use, uses(free()), use);
  suite.ask("victim, " + name, bare.victim, victims(free()));
  suite.ask("victim, " + name + ", 25,600 of 32,768 pinned", bare.victim,
            victims(std::make_shared<full_policy<Policy>>(true)));
}

void fill(suite& suite) {
  const auto list = std::make_shared<bare_list>();
  const floors bare{suite.add_floor("page moved to the end of a list", uses(list)),
                    suite.add_floor("first page of a list moved to its end", victims(list))};
  ask_of<eviction::lru>(suite, bare, "lru");
  ask_of<eviction::fifo>(suite, bare, "fifo");
  ask_of<eviction::clock>(suite, bare, "clock");
  ask_of<eviction::sieve>(suite, bare, "sieve");
  ask_of<eviction::lfu>(suite, bare, "lfu");
  ask_of<eviction::slru<>>(suite, bare, "slru");
  ask_of<eviction::two_q>(suite, bare, "two_q");
  ask_of<eviction::arc>(suite, bare, "arc");
  ask_of<eviction::s3_fifo>(suite, bare, "s3_fifo");
  ask_of<eviction::w_tinylfu_exact>(suite, bare, "w_tinylfu_exact");
  ask_of<eviction::w_tinylfu>(suite, bare, "w_tinylfu");
  ask_of<eviction::lru_k<>>(suite, bare, "lru_k");
  ask_of<eviction::lirs>(suite, bare, "lirs");
  ask_of<eviction::gdsf<>>(suite, bare, "gdsf");
  ask_of<eviction::tf_lru>(suite, bare, "tf_lru");
  ask_of<eviction::walru>(suite, bare, "walru");
  ask_of<eviction::priority>(suite, bare, "priority");
  ask_of<eviction::random>(suite, bare, "random");
  ask_of<eviction::reuse_rate>(suite, bare, "reuse_rate", {.ns = 150});
  ask_of<eviction::admitting<eviction::lru>>(suite, bare, "admitting<lru>");
  ask_of<eviction::grouping<eviction::lru>>(suite, bare, "grouping<lru>");
  ask_of<eviction::expiring<eviction::lru>>(suite, bare, "expiring<lru>");
  ask_of<eviction::pinning<eviction::lru>>(suite, bare, "pinning<lru>");
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("policy_ops",
                                   "Cost of uses and victims under each eviction policy.",
                                   kvfolio::bench::fill, argc, argv);
}
