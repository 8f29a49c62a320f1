// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>

#include "../support/bundles.hpp"
#include "../support/engine.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

// StarAI's copy-on-write saving, corrected: a page that n sequences share and k of them diverged
// from saves n - 1 - k copies, against copying every page at every fork.
template <class Bundle>
class saving : public testing::Test {};
TYPED_TEST_SUITE(saving, counting_bundles, bundle_names);

// n sharers of a page; those in `diverged` have a page of their own by now.
struct sharing {
  std::size_t sharers = 1;
  std::size_t diverged = 0;
};

TYPED_TEST(saving, is_n_minus_1_minus_k_copies_for_every_page) {
  for_each_seed([](std::mt19937& rng) {
    for (int round = 0; round < 30; ++round) {
      cache_of<TypeParam> cache{TypeParam::config()};
      engine<cache_of<TypeParam>> player{cache};
      const std::size_t per_page = cache.tokens_per_page();
      auto root = cache.create().value();
      root.append(1 + rng() % (2 * per_page)).value();
      std::vector<sharing> pages(root.page_count());
      std::vector<typename cache_of<TypeParam>::sequence> family;
      family.push_back(std::move(root));
      for (auto forks = rng() % 6; forks-- > 0;) {
        family.push_back(family[rng() % family.size()].fork().value());
        for (auto& page : pages) ++page.sharers;
      }
      // Some of them write: each page that was written before by all others is written in place.
      for (auto& one : family) {
        if (rng() % 2 == 0) continue;
        const auto first = rng() % one.length();
        if (one.probe(0).pages_obtainable < pages.size()) break;
        one.writable(first, 1).value();
        player.settle();
        for (auto index = first / per_page; index < pages.size(); ++index) {
          if (pages[index].diverged + 1 < pages[index].sharers) ++pages[index].diverged;
        }
      }
      std::size_t saved = 0;
      std::size_t copies = 0;
      for (const auto& page : pages) {
        saved += page.sharers - 1 - page.diverged;
        copies += page.diverged;
      }
      ASSERT_EQ(counts_of(cache).copies_saved(), saved) << "in round " << round;
      ASSERT_EQ(counts_of(cache).divergences, copies) << "in round " << round;
      // And what is saved is what is not there: all tables together, less the pages in use.
      const auto seen = cache.statistics();
      ASSERT_EQ(seen.table_pages - seen.used_pages, saved) << "in round " << round;
    }
  });
}

TYPED_TEST(saving, dynamic_allocation_takes_whole_pages_and_wastes_less_than_one) {
  cache_of<TypeParam> cache{TypeParam::config()};
  const std::size_t per_page = cache.tokens_per_page();
  for (std::size_t tokens = 0; tokens <= cache.config().longest(); ++tokens) {
    auto one = cache.create().value();
    one.append(tokens).value();
    const auto seen = cache.statistics();
    ASSERT_EQ(seen.used_pages, (tokens + per_page - 1) / per_page);
    ASSERT_EQ(seen.slack_tokens, seen.used_pages * per_page - tokens);
    ASSERT_LT(seen.slack_tokens, per_page);
    ASSERT_EQ(one.length(), tokens) << "nothing is cut off";
  }
}

}  // namespace
}  // namespace kvfolio::test
