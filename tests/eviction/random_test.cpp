// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/eviction/random.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_driver.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(random, eviction_conformance, eviction::random);

std::vector<page_id> victims(std::uint64_t seed) {
  policy_driver<eviction::random> driver{100, eviction::random{100, seed}};
  for (std::size_t page = 0; page < 100; ++page) driver.insert(to_page(page));
  std::vector<page_id> all;
  while (const auto victim = driver.evict()) all.push_back(*victim);
  return all;
}

TEST(random, equal_seeds_have_equal_victims_and_others_do_not) {
  EXPECT_EQ(victims(1), victims(1));
  EXPECT_NE(victims(1), victims(2));
}

TEST(random, each_eligible_page_is_as_likely) {
  policy_driver<eviction::random> driver{8};
  for (std::size_t page = 0; page < 8; ++page) driver.insert(to_page(page));
  driver.set_eligible(page_id{5}, false);
  std::array<int, 8> times{};
  for (int i = 0; i < 14'000; ++i) {
    const auto victim = driver.evict().value();
    ++times[to_index(victim)];
    driver.insert(victim);
  }
  EXPECT_EQ(times[5], 0);
  for (std::size_t page = 0; page < 8; ++page) {
    EXPECT_NEAR(times[page], page == 5 ? 0 : 2'000, 200) << "page " << page;
  }
}

}  // namespace
}  // namespace kvfolio::test
