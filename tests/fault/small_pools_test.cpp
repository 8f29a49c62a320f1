// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "../support/bundles.hpp"
#include "../support/engine.hpp"

namespace kvfolio::test {
namespace {

// One scenario in pools of every size from one page to enough: each call that lacks a page fails
// and changes nothing, and whoever fails gives up a sequence and tries again.
template <class Bundle>
class small_pools : public testing::Test {
 protected:
  using cache_type = cache_of<Bundle>;

  // Calls `verb` and, if it fails, compares the cache with what it was. Counts the failures.
  template <class Verb>
  bool attempt(cache_type& cache, Verb verb) {
    const auto digest = cache.state_digest();
    const auto seen = cache.statistics();
    auto counts = counts_of(cache);
    if (verb()) return true;
    ++failures_;
    EXPECT_EQ(cache.state_digest(), digest);
    EXPECT_EQ(cache.statistics(), seen);
    if (counts_of(cache) != event_counts{}) ++counts.failures;
    EXPECT_EQ(counts_of(cache), counts);
    EXPECT_STREQ(cache.check_invariants(), nullptr);
    return false;
  }

  // A chat that forks into beams, which diverge, are rolled back and grow together.
  void play(cache_type& cache) {
    engine<cache_type> player{cache};
    const std::size_t page = cache.tokens_per_page();
    std::vector<typename cache_type::sequence> family;
    // Repeats `verb` until it succeeds; in between, the youngest sequence goes.
    const auto insist = [&](auto verb) {
      while (!attempt(cache, verb)) {
        player.settle();
        if (family.size() <= 1) return false;
        family.pop_back();
      }
      return true;
    };
    const auto grow = [&](std::size_t tokens) {
      return insist([&] { return family.back().append(tokens).has_value(); });
    };
    family.push_back(cache.create().value());
    if (!grow(page + 1)) family.front().truncate(0);
    for (int beam = 0; beam < 4; ++beam) {
      family.push_back(family.front().fork().value());
      if (!grow(page)) break;
    }
    player.settle();  // what is in flight cannot be rewritten
    insist([&] {
      const auto first = family.front().committed();
      if (family.front().length() == first) return true;
      return family.front().writable(first, family.front().length() - first).has_value();
    });
    player.settle();
    for (auto& each : family) each.truncate(each.length() - each.length() / 3);
    insist([&] {
      std::vector<typename cache_type::growth> wanted;
      for (auto& each : family) wanted.push_back({each, page});
      auto step = cache.reserve(wanted);
      if (step) step->accept();
      return step.has_value();
    });
    family.clear();
    player.settle();
    EXPECT_EQ(cache.statistics().free_pages, cache.config().usable_pages()) << "it recovers";
    auto again = cache.create().value();
    EXPECT_TRUE(
        again.append(std::min(cache.config().longest(), cache.config().usable_pages() * page)));
  }

  std::size_t failures_ = 0;
};
TYPED_TEST_SUITE(small_pools, bundles, bundle_names);

TYPED_TEST(small_pools, every_failure_changes_nothing_and_every_scenario_recovers) {
  auto config = TypeParam::config();
  const std::uint32_t first = config.reserve_null_page ? 2 : 1;
  std::size_t failed_somewhere = 0;
  for (config.pages = first; config.pages < 40; ++config.pages) {
    SCOPED_TRACE("pool of " + std::to_string(config.pages) + " pages");
    this->failures_ = 0;
    cache_of<TypeParam> cache{config};
    this->play(cache);
    failed_somewhere += this->failures_ != 0 ? 1 : 0;
  }
  EXPECT_EQ(this->failures_, 0U) << "40 pages are enough";
  EXPECT_GT(failed_somewhere, 5U) << "small pools are not";
}

}  // namespace
}  // namespace kvfolio::test
