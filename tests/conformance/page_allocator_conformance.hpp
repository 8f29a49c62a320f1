// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/concept.hpp>

#include "../support/free_pages.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// What every `page_allocator` promises, whatever its order. Instantiate once per policy.
template <class A>
class page_allocator_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(page_allocator_conformance);

TYPED_TEST_P(page_allocator_conformance, scenario_01_hands_out_every_page_exactly_once) {
  for (const std::size_t last : {5U, 6U, 68U, 69U, 70U, 1'000U}) {
    TypeParam pages{page_id{5}, to_page(last)};
    EXPECT_EQ(pages.size(), last - 5);
    std::set<page_id> seen;
    while (const auto page = pages.allocate()) {
      EXPECT_TRUE(to_index(*page) >= 5 && to_index(*page) < last);
      EXPECT_TRUE(seen.insert(*page).second) << "handed out twice";
    }
    EXPECT_EQ(seen.size(), last - 5);
    EXPECT_EQ(pages.size(), 0U);
  }
}

TYPED_TEST_P(page_allocator_conformance, an_empty_range_has_no_page_and_says_so_again) {
  TypeParam pages{page_id{3}, page_id{3}};
  EXPECT_EQ(pages.size(), 0U);
  EXPECT_EQ(pages.allocate(), std::nullopt);
  EXPECT_EQ(pages.allocate(), std::nullopt);
  EXPECT_TRUE(free_pages(pages).empty());
}

TYPED_TEST_P(page_allocator_conformance, scenario_02_failing_changes_nothing) {
  TypeParam pages{page_id{0}, page_id{2}};
  const auto first = pages.allocate();
  const auto second = pages.allocate();
  EXPECT_EQ(pages.allocate(), std::nullopt);
  pages.release(*first, page_history::draft);
  EXPECT_EQ(pages.allocate(), first);
  EXPECT_EQ(pages.allocate(), std::nullopt);
  pages.release(*second, page_history::committed);
  EXPECT_EQ(pages.allocate(), second);
}

TYPED_TEST_P(page_allocator_conformance, scenario_10_free_and_taken_pages_are_all_pages) {
  static constexpr std::size_t all = 37;
  for_each_seed([](std::mt19937& rng) {
    TypeParam pages{page_id{0}, to_page(all)};
    std::vector<page_id> taken;
    for (int i = 0; i < 5'000; ++i) {
      if (rng() % 2 == 0) {
        const bool possible = pages.size() != 0;
        const auto page = pages.allocate();
        ASSERT_EQ(page.has_value(), possible) << "at step " << i;
        if (page) taken.push_back(*page);
      } else if (!taken.empty()) {
        std::swap(taken[rng() % taken.size()], taken.back());
        pages.release(taken.back(), rng() % 2 == 0 ? page_history::draft : page_history::committed);
        taken.pop_back();
      }
      const auto free = free_pages(pages);
      std::set<page_id> both(free.begin(), free.end());
      both.insert(taken.begin(), taken.end());
      ASSERT_EQ(both.size(), all) << "at step " << i;
      ASSERT_EQ(free.size() + taken.size(), all) << "at step " << i;
      ASSERT_EQ(pages.size(), free.size()) << "at step " << i;
    }
  });
}

TYPED_TEST_P(page_allocator_conformance, scenario_50_equal_calls_give_equal_pages_also_when_moved) {
  for_each_seed([](std::mt19937& rng) {
    TypeParam one{page_id{1}, page_id{30}};
    TypeParam other{page_id{1}, page_id{30}};
    std::vector<page_id> taken;
    for (int i = 0; i < 2'000; ++i) {
      if (!taken.empty() && rng() % 2 == 0) {
        const auto history = rng() % 2 == 0 ? page_history::draft : page_history::committed;
        std::swap(taken[rng() % taken.size()], taken.back());
        one.release(taken.back(), history);
        other.release(taken.back(), history);
        taken.pop_back();
      } else {
        const auto page = one.allocate();
        ASSERT_EQ(page, other.allocate()) << "at step " << i;
        if (page) taken.push_back(*page);
      }
      if (i % 100 == 0) other = TypeParam{std::move(other)};
      ASSERT_EQ(free_pages(one), free_pages(other)) << "at step " << i;
    }
  });
}

REGISTER_TYPED_TEST_SUITE_P(page_allocator_conformance,
                            scenario_01_hands_out_every_page_exactly_once,
                            an_empty_range_has_no_page_and_says_so_again,
                            scenario_02_failing_changes_nothing,
                            scenario_10_free_and_taken_pages_are_all_pages,
                            scenario_50_equal_calls_give_equal_pages_also_when_moved);

}  // namespace kvfolio::test
