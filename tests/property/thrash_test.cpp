// SPDX-License-Identifier: Apache-2.0
// A server that is always short of pages, with and without what keeps it from thrashing.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/core/math.hpp>
#include <kvfolio/tier/choose_victims.hpp>
#include <kvfolio/tier/last_come.hpp>
#include <kvfolio/tier/sparing.hpp>
#include <kvfolio/tier/watermarks.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

struct request {
  std::uint64_t tokens;  // now
  std::uint64_t until;   // it is done
  victim state{};

  [[nodiscard]] std::uint64_t pages() const { return ceil_div(tokens, std::uint64_t{16}); }
};

struct outcome {
  std::uint64_t steps = 0;
  std::uint64_t preemptions = 0;
  std::uint64_t tokens_moved = 0;
};

// Each step: who waits comes while there is room, everybody who runs gets a token, and victims
// leave for pages that are missing, the latest to come back at the head of the queue.
template <class Order>
outcome serve(std::vector<request> all, std::uint64_t pages, const tier::watermarks& marks,
              const Order& order) {
  std::deque<request> waiting{all.begin(), all.end()};
  std::vector<request> running;
  auto free = pages;
  outcome seen;
  for (; !waiting.empty() || !running.empty(); ++seen.steps) {
    if (seen.steps > 200'000) {
      ADD_FAILURE() << "nobody gets on";
      return seen;
    }
    while (!waiting.empty() && marks.admits(free, waiting.front().pages() + 1, running.empty())) {
      running.push_back(waiting.front());
      waiting.pop_front();
      free -= running.back().pages();
      running.back().state.steps = 0;
    }
    std::uint64_t wanted = 0;
    for (const auto& each : running) wanted += each.tokens % 16 == 0 ? 1 : 0;
    // One at a time, as who leaves wants no page any more; the last one has all there is.
    while (marks.missing(free, wanted) != 0 && running.size() > 1) {
      std::vector<victim> victims;
      for (auto& each : running) {
        each.state.pages_freed = each.pages();
        victims.push_back(each.state);
      }
      static_cast<void>(tier::choose_victims(victims, 1, order).value());
      const auto who = std::ranges::find(running, victims.front().arrival,
                                         [](const request& each) { return each.state.arrival; });
      free += who->pages();
      if (who->tokens % 16 == 0) --wanted;
      ++seen.preemptions;
      seen.tokens_moved += who->tokens;
      ++who->state.preemptions;
      waiting.push_front(*who);
      running.erase(who);
    }
    for (auto& each : running) {
      if (each.tokens % 16 == 0) --free;
      ++each.tokens;
      ++each.state.steps;
    }
    std::erase_if(running, [&free](const request& each) {
      if (each.tokens < each.until) return false;
      free += each.pages();
      return true;
    });
  }
  EXPECT_EQ(free, pages) << "every page came back";
  return seen;
}

TEST(thrash, watermarks_and_sparing_let_sequences_get_on) {
  for_each_seed([](std::mt19937& rng) {
    std::vector<request> all;
    for (std::uint64_t arrival = 0; arrival < 200; ++arrival) {
      const std::uint64_t prompt = 100 + rng() % 900;
      all.push_back({prompt, prompt + 50 + rng() % 500, {.arrival = arrival}});
    }
    constexpr std::uint64_t pages = 400;
    const auto bare = serve(all, pages, {0, 0, pages}, tier::last_come{});
    const auto guarded = serve(all, pages, {4, 40, pages}, tier::sparing<tier::last_come>{32});
    EXPECT_GT(bare.preemptions, 50U) << "there is something to gain";
    EXPECT_LT(4 * guarded.preemptions, bare.preemptions);
    EXPECT_LT(4 * guarded.tokens_moved, bare.tokens_moved);
    EXPECT_LT(10 * guarded.steps, 11 * bare.steps) << "pages kept free are not free of cost";
  });
}

}  // namespace
}  // namespace kvfolio::test
