// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>
#include <kvfolio/synchronized.hpp>

namespace kvfolio::test {
namespace {

TEST(synchronized_threads, share_a_cache_and_its_prefixes) {
  constexpr std::size_t threads = 4;
  constexpr int rounds = 400;
  synchronized<paged_cache<>> cache{cache_config{.shape = model::grouped_query(1, 1, 4, dtype::f16),
                                                 .tokens_per_page = 4,
                                                 .pages = 64,
                                                 .max_sequences = 16}};
  std::vector<std::size_t> hits(threads);
  {
    std::vector<std::jthread> all;
    for (std::size_t self = 0; self < threads; ++self) {
      all.emplace_back([&, self] {
        std::mt19937 rng{static_cast<std::uint32_t>(self)};
        for (int round = 0; round < rounds; ++round) {
          std::vector<token_id> prompt(8 + rng() % 24);
          for (std::size_t i = 0; i < prompt.size(); ++i) {
            prompt[i] = static_cast<token_id>(i < 8 ? 0 : rng() % 2);
          }
          auto made = cache.create(prompt);
          if (!made) continue;
          const auto known = made->committed();
          hits[self] += known;
          if (!made->ensure(prompt.size())) continue;
          made->commit(std::span{prompt}.subspan(known));
          if (auto child = made->fork()) (void)child->append(1);
        }
      });
    }
  }
  cache.with([](const auto& one) {
    EXPECT_STREQ(one.check_invariants(), nullptr);
    EXPECT_EQ(one.statistics().sequences, 0U);
  });
  for (const auto each : hits) EXPECT_GT(each, 0U);
}

}  // namespace
}  // namespace kvfolio::test
