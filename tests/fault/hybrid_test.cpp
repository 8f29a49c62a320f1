// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/hybrid_cache.hpp>

#include "../support/allocation_guard.hpp"
#include "../support/hybrid_fixture.hpp"

namespace kvfolio::test {
namespace {

hybrid_config<> of_pages(std::uint32_t pages) {
  return {.groups = {{small_layers(2), group::sliding_window{8, 2}},
                     {small_layers(1), group::full{}},
                     {model::recurrent(1, 12, dtype::f16), group::state{8}}},
          .tokens_per_page = 4,
          .pages = pages,
          .max_sequences = 5,
          .max_tokens = 200};
}

TEST(hybrid_faults, any_allocation_that_fails_in_the_constructor_is_a_bad_alloc_and_no_leak) {
  const auto config = of_pages(20);
  const auto live = allocations().live;
  std::optional<hybrid_cache<>> cache;
  const auto failures = fail_until_it_works(
      200, [&] { cache.emplace(config); },
      [live](std::size_t after) {
        EXPECT_EQ(allocations().live, live) << "after " << after << " allocations";
      });
  EXPECT_LT(failures, 200U) << "a cache is a handful of arrays";
  EXPECT_GT(failures, 10U);
}

TEST(hybrid_faults, nothing_is_allocated_after_construction) {
  hybrid_cache<> cache{of_pages(40)};
  const auto tokens = counted(60);
  const auto before = allocations().attempts;
  for (int i = 0; i < 3; ++i) {
    auto chat = fed(cache, tokens, 5);
    auto branch = chat.fork().value();
    branch.append(9).value();
    static_cast<void>(branch.truncate(60).has_value());
    static_cast<void>(cache.probe(tokens).fits());
    static_cast<void>(chat.append(1'000).has_value());
    static_cast<void>(cache.statistics());
    static_cast<void>(cache.state_digest());
    chat.release();
    cache.invalidate();
    static_cast<void>(cache.reset().has_value());
  }
  EXPECT_EQ(allocations().attempts, before);
}

// A family of sequences in pools of every size: each call that lacks a page fails and changes
// nothing, somebody gives way, and all ends well.
TEST(hybrid_faults, every_failure_changes_nothing_and_every_scenario_recovers) {
  std::size_t failures = 0;
  std::size_t failed_somewhere = 0;
  for (std::uint32_t pages = 7; pages < 60; ++pages) {
    SCOPED_TRACE("pool of " + std::to_string(pages) + " pages");
    failures = 0;
    hybrid_cache<> cache{of_pages(pages)};
    std::vector<hybrid_cache<>::sequence> family;
    const auto grow = [&](std::size_t tokens) {
      for (;;) {
        const auto digest = cache.state_digest();
        const auto seen = cache.statistics();
        if (family.back().append(tokens)) return true;
        ++failures;
        EXPECT_EQ(cache.state_digest(), digest);
        EXPECT_EQ(cache.statistics(), seen);
        EXPECT_STREQ(cache.check_invariants(), nullptr);
        if (family.size() == 1) return false;
        std::swap(family.front(), family.back());
        family.erase(family.begin());
      }
    };
    family.push_back(cache.create().value());
    if (!grow(13)) continue;
    family.back().commit(counted(13));
    for (int beam = 0; beam < 4; ++beam) {
      family.push_back(family.front().fork().value());
      if (!grow(11)) break;
      family.back().commit(counted(family.back().length() - family.back().committed(), 100 * beam));
      EXPECT_STREQ(cache.check_invariants(), nullptr);
    }
    family.clear();
    EXPECT_TRUE(cache.reset());
    EXPECT_EQ(cache.statistics().free_pages, pages) << "it recovers";
    failed_somewhere += failures != 0 ? 1 : 0;
  }
  EXPECT_EQ(failures, 0U) << "60 pages are enough";
  EXPECT_GT(failed_somewhere, 5U) << "small pools are not";
}

}  // namespace
}  // namespace kvfolio::test
