// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>
#include <kvfolio/tier/synchronized_store.hpp>
#include <kvfolio/tier/transfer_thread.hpp>
#include <kvfolio/tier/with_store.hpp>

#include "../support/bundles.hpp"
#include "../support/engine.hpp"
#include "../support/losing_store.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using shared_store = tier::synchronized_store<losing_store>;
struct threaded_policies : counting_policies {
  using tier = kvfolio::tier::with_store<wished_tier, shared_store>;
};
using cache_type = paged_cache<threaded_policies>;
using thread_type = tier::transfer_thread<shared_store, tier::host_mover>;

// A sequence that a thread moves, and its tokens.
template <class Handle>
struct moving {
  Handle handle;
  std::vector<tier::page_transfer> pages;
  std::vector<token_id> tokens;
  tier::transfer_ticket ticket{};
};
template <class Handle>
std::optional<moving<Handle>> begin(thread_type& thread, tier::direction way, Handle handle,
                                    std::vector<token_id> tokens) {
  moving<Handle> made{std::move(handle), {}, std::move(tokens)};
  for (std::size_t i = 0; i < made.handle.size(); ++i) made.pages.push_back(made.handle[i]);
  std::optional<moving<Handle>> begun{std::move(made)};  // the pages stay where they are
  begun->ticket = thread.start(way, begun->pages).value();
  return begun;
}

// The owner of the cache computes, preempts and resumes, while the thread moves the pages of what
// leaves and of what comes: the thread sanitizer sees every access of both.
TEST(transfer_thread, moves_pages_that_the_owner_of_the_cache_neither_reads_nor_writes) {
  for_each_seed([](std::mt19937& rng) {
    const auto config = plain::config();
    const model::page_layout layout{config.shape, config.tokens_per_page, config.order};
    const std::uint64_t none_recomputed = 0;
    losing_store store{layout.bytes()};
    shared_store shared{store};
    cache_type cache{config, cache_type::parts::make(config, {{&none_recomputed}, shared, 1})};
    engine<cache_type> engine{cache};
    const std::span pool{cache.bytes(page_id{0}).data(), config.pages * layout.bytes()};
    tier::transfer_engine<shared_store, tier::host_mover> mover{
        shared, tier::host_mover{pool}, tier::page_places::by_page(1, layout.bytes()), 2};
    thread_type thread{mover};

    std::vector<std::pair<cache_type::sequence, std::vector<token_id>>> alive;
    std::vector<std::pair<parked<cache_type>, std::vector<token_id>>> away;
    std::optional<moving<parking<cache_type>>> leaving;
    std::optional<moving<resuming<cache_type>>> coming;
    token_id fresh = 1;
    std::size_t returned = 0;
    for (int step = 0; step < 600; ++step) {
      if (alive.size() < 2) {
        auto made = cache.create();
        if (made) alive.emplace_back(*std::move(made), std::vector<token_id>{});
      }
      for (auto& [sequence, tokens] : alive) {
        if (!sequence.append(1)) continue;
        tokens.push_back(fresh++);
        engine.write(sequence.runs(tokens.size() - 1, 1), std::span{tokens}.last(1));
        if (sequence.to_compute() == 0) sequence.commit(std::span{tokens}.last(1));
      }
      if (!leaving && !alive.empty() && rng() % 3 == 0) {
        auto [sequence, tokens] = std::move(alive.back());
        alive.pop_back();
        leaving = begin(thread, tier::direction::to_store,
                        cache.preempt_later(std::move(sequence)).value(), std::move(tokens));
      } else if (leaving && (thread.progress(leaving->ticket).ended || rng() % 8 == 0)) {
        if (rng() % 4 == 0) thread.abort(leaving->ticket);
        const auto stored = thread.wait(leaving->ticket).landed;
        auto parked = std::move(leaving->handle).finish(stored);
        away.emplace_back(std::move(parked), std::move(leaving->tokens));
        leaving.reset();
      }
      if (!coming && !away.empty() && rng() % 3 == 0) {
        auto back = std::move(away.back().first).resume_later();
        if (!back) continue;
        coming = begin(thread, tier::direction::to_pool, *std::move(back),
                       std::move(away.back().second));
        away.pop_back();
      } else if (coming && (thread.progress(coming->ticket).ended || rng() % 8 == 0)) {
        if (rng() % 4 == 0) thread.abort(coming->ticket);
        const auto landed = thread.wait(coming->ticket).landed;
        auto sequence = std::move(coming->handle).finish(landed);
        coming->tokens.resize(sequence.length());
        ASSERT_TRUE(engine.holds(pool, sequence.runs(0, sequence.length()), coming->tokens));
        returned += sequence.to_compute() == 0 ? 1 : 0;
        sequence.truncate(sequence.committed());
        coming->tokens.resize(sequence.length());
        alive.emplace_back(std::move(sequence), std::move(coming->tokens));
        coming.reset();
      }
      ASSERT_STREQ(cache.check_invariants(), nullptr);
    }
    EXPECT_GT(returned, 10U);
    if (leaving) thread.wait(leaving->ticket);
    if (coming) thread.wait(coming->ticket);
  });
}

}  // namespace
}  // namespace kvfolio::test
