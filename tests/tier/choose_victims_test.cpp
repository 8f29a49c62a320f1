// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/tier/choose_victims.hpp>
#include <kvfolio/tier/last_come.hpp>
#include <kvfolio/tier/lowest_priority.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using tier::choose_victims;
using tier::extent;

std::vector<victim> giving(std::initializer_list<std::uint64_t> pages) {
  std::vector<victim> all;
  for (const auto each : pages) all.push_back({.arrival = all.size(), .pages_freed = each});
  return all;
}

TEST(choose_victims, takes_as_many_as_it_needs_in_order) {
  auto running = giving({5, 3, 2});
  const auto chosen = choose_victims(running, 4, tier::last_come{}).value();
  EXPECT_EQ(chosen.count, 2U);
  EXPECT_EQ(running[0].arrival, 2U);
  EXPECT_EQ(running[1].arrival, 1U);
  EXPECT_EQ(chosen.last_gives, 3U) << "the whole sequence";
}

TEST(choose_victims, the_last_one_may_give_its_tail_only) {
  auto running = giving({5, 3, 2});
  const auto chosen = choose_victims(running, 4, tier::last_come{}, extent::tail_pages).value();
  EXPECT_EQ(chosen.count, 2U);
  EXPECT_EQ(chosen.last_gives, 2U);
}

TEST(choose_victims, nobody_leaves_for_nothing_or_in_vain) {
  auto running = giving({5, 0, 2, 0});
  EXPECT_EQ(choose_victims(running, 0, tier::last_come{}).value().count, 0U);
  EXPECT_EQ(choose_victims(running, 8, tier::last_come{}).error(), errc::out_of_pages);
  EXPECT_EQ(choose_victims(running, 7, tier::last_come{}).value().count, 2U)
      << "who has nothing to give stays";
  EXPECT_EQ(choose_victims({}, 1, tier::last_come{}).error(), errc::out_of_pages);
}

TEST(choose_victims, equals_a_sort_by_the_order) {
  for_each_seed([](std::mt19937& rng) {
    for (int i = 0; i < 200; ++i) {
      std::vector<victim> running;
      for (auto left = rng() % 20; left > 0; --left) {
        running.push_back({.arrival = left,
                           .priority = static_cast<std::int32_t>(rng() % 3),
                           .pages_freed = rng() % 6});
      }
      std::ranges::shuffle(running, rng);
      const tier::lowest_priority order;
      auto sorted = running;
      std::erase_if(sorted, [](const victim& each) { return each.pages_freed == 0; });
      std::ranges::sort(sorted, [&](const auto& a, const auto& b) { return order.before(a, b); });
      const std::uint64_t missing = rng() % 40;
      std::uint64_t freed = 0;
      std::size_t needed = 0;
      while (needed < sorted.size() && freed < missing) freed += sorted[needed++].pages_freed;

      const auto chosen = choose_victims(running, missing, order);
      ASSERT_EQ(chosen.has_value(), freed >= missing) << "at step " << i;
      if (!chosen) continue;
      ASSERT_EQ(chosen->count, needed) << "at step " << i;
      for (std::size_t each = 0; each < needed; ++each) {
        ASSERT_EQ(running[each].arrival, sorted[each].arrival) << "at step " << i;
      }
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
