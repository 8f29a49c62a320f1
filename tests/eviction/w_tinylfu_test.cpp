// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/eviction/w_tinylfu.hpp>
#include <kvfolio/eviction/w_tinylfu_exact.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

using eviction::w_tinylfu;
using eviction::w_tinylfu_exact;

INSTANTIATE_TYPED_TEST_SUITE_P(w_tinylfu, eviction_conformance, w_tinylfu);

// Wants `key` with no free page but the victim's, and returns the victim.
std::optional<page_id> replace(policy_driver<w_tinylfu>& driver, std::uint64_t key) {
  const auto access = driver.access(content_key{key});
  driver.policy.miss(access);
  const auto victim = driver.evict(access);
  if (victim) driver.insert(*victim, access);
  return victim;
}

TEST(w_tinylfu, a_key_that_comes_more_often_than_another_takes_its_page) {
  policy_driver<w_tinylfu> driver{4};
  for (std::size_t page = 0; page < 4; ++page) driver.insert(to_page(page));
  EXPECT_EQ(replace(driver, 10), page_id{3});
  EXPECT_EQ(replace(driver, 11), page_id{3});
  EXPECT_EQ(replace(driver, 10), page_id{3}) << "key 10 is in the window, for the second time";
  EXPECT_EQ(replace(driver, 12), page_id{0}) << "and wins over key 0, which came once";
}

// Share of hits of `keys` accesses, some keys more popular than others.
template <class Policy>
double hit_rate(std::mt19937 rng, std::size_t pages) {
  static constexpr int accesses = 60'000;
  policy_driver<Policy> driver{pages};
  std::map<content_key, page_id> resident;
  std::vector<content_key> key_of(pages);
  int hits = 0;
  for (int i = 0; i < accesses; ++i) {
    const auto scale = 1U << (rng() % 13);
    const content_key key{rng() % 64 * 8'192 + rng() % scale};
    const auto access = driver.access(key);
    if (const auto hit = resident.find(key); hit != resident.end()) {
      driver.policy.touch(hit->second, access);
      ++hits;
      continue;
    }
    driver.policy.miss(access);
    auto page = to_page(resident.size());
    if (resident.size() == pages) {
      page = *driver.evict(access);
      resident.erase(key_of[to_index(page)]);
    }
    driver.insert(page, access);
    resident.emplace(key, page);
    key_of[to_index(page)] = key;
  }
  return static_cast<double>(hits) / accesses;
}

TEST(w_tinylfu, hits_as_often_as_with_exact_counts) {
  for_each_seed([](std::mt19937& rng) {
    for (const std::size_t pages : {100U, 800U}) {
      const auto exact = hit_rate<w_tinylfu_exact>(rng, pages);
      EXPECT_GT(exact, 0.1);
      EXPECT_NEAR(hit_rate<w_tinylfu>(rng, pages), exact, 0.01) << pages << " pages";
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
