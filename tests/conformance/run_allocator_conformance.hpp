// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/concept.hpp>

#include "../support/free_pages.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// What every `run_allocator` promises besides what it does as a `page_allocator`, whichever run it
/// prefers. Instantiate once per policy.
template <class A>
class run_allocator_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(run_allocator_conformance);

TYPED_TEST_P(run_allocator_conformance, a_fresh_pool_can_be_had_as_one_run_of_a_power_of_two) {
  for (const std::uint32_t pages : {1U, 2U, 64U, 128U, 1'024U}) {
    TypeParam pool{page_id{0}, page_id{pages}};
    EXPECT_EQ(pool.allocate_run(pages), (page_run{page_id{0}, pages}));
    EXPECT_EQ(pool.size(), 0U);
    EXPECT_EQ(pool.allocate(), std::nullopt);
    EXPECT_EQ(pool.allocate_run(1), std::nullopt);
  }
}

TYPED_TEST_P(run_allocator_conformance, longer_than_the_pool_is_refused_and_changes_nothing) {
  TypeParam pool{page_id{3}, page_id{100}};
  static_cast<void>(pool.allocate());
  const auto before = free_pages(pool);
  for (const auto pages : {97U, 98U, 128U, 129U, 1U << 31U, ~0U}) {
    EXPECT_EQ(pool.allocate_run(pages), std::nullopt) << pages;
  }
  EXPECT_EQ(free_pages(pool), before);
}

TYPED_TEST_P(run_allocator_conformance, pages_of_a_run_may_come_back_one_by_one_and_as_any_run) {
  TypeParam pool{page_id{0}, page_id{64}};
  const auto run = pool.allocate_run(16).value();
  const auto first = to_index(run.first);
  pool.release(to_page(first + 5), page_history::draft);
  pool.release_run({to_page(first + 6), 10}, page_history::committed);
  pool.release_run({run.first, 5}, page_history::draft);
  EXPECT_EQ(pool.size(), 64U);
  EXPECT_EQ(pool.allocate_run(64), (page_run{page_id{0}, 64})) << "neighbours became one run";
  for (std::uint32_t page = 0; page < 64; ++page) pool.release(page_id{page}, page_history::draft);
  EXPECT_EQ(pool.allocate_run(64), (page_run{page_id{0}, 64}));
}

TYPED_TEST_P(run_allocator_conformance, runs_and_pages_are_taken_from_the_same_pages) {
  for_each_seed([](std::mt19937& rng) {
    TypeParam pool{page_id{7}, page_id{207}};
    std::set<page_id> taken;
    std::vector<page_run> runs;
    for (int i = 0; i < 3'000; ++i) {
      if (rng() % 2 == 0) {
        const auto pages = 1 + rng() % 9;
        if (const auto run = pool.allocate_run(static_cast<std::uint32_t>(pages))) {
          ASSERT_EQ(run->pages, pages);
          for (auto page = run->first; page != run->end(); page = to_page(to_index(page) + 1)) {
            ASSERT_TRUE(to_index(page) >= 7 && to_index(page) < 207);
            ASSERT_TRUE(taken.insert(page).second) << "handed out twice at step " << i;
          }
          runs.push_back(*run);
        }
      } else if (!runs.empty()) {
        std::swap(runs[rng() % runs.size()], runs.back());
        pool.release_run(runs.back(), page_history::draft);
        for (std::uint32_t at = 0; at < runs.back().pages; ++at) {
          taken.erase(to_page(to_index(runs.back().first) + at));
        }
        runs.pop_back();
      }
      ASSERT_EQ(pool.size() + taken.size(), 200U) << "at step " << i;
    }
    for (const auto page : free_pages(pool)) ASSERT_TRUE(taken.insert(page).second);
    ASSERT_EQ(taken.size(), 200U);
  });
}

REGISTER_TYPED_TEST_SUITE_P(run_allocator_conformance,
                            a_fresh_pool_can_be_had_as_one_run_of_a_power_of_two,
                            longer_than_the_pool_is_refused_and_changes_nothing,
                            pages_of_a_run_may_come_back_one_by_one_and_as_any_run,
                            runs_and_pages_are_taken_from_the_same_pages);

}  // namespace kvfolio::test
