// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "../support/prefix_bundles.hpp"
#include "../support/prefix_driver.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

// Pools in which little fits, in which much does, and in which nothing is ever evicted.
cache_config pool(std::uint32_t tokens_per_page, std::uint32_t pages) {
  return {.shape = model::grouped_query(1, 1, 4, dtype::f16),
          .tokens_per_page = tokens_per_page,
          .pages = pages,
          .max_sequences = 8};
}
constexpr std::uint32_t inexhaustible = 4'000;

template <class Policies>
class prefixes : public testing::Test {
 protected:
  // Calls `body(tokens per page)` for some small pages.
  template <class Body>
  void for_small_pages(Body body) {
    for (const std::uint32_t tokens : {1U, 2U, 3U, 4U}) {
      SCOPED_TRACE(std::to_string(tokens) + " tokens in a page");
      body(tokens);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
};
TYPED_TEST_SUITE(prefixes, reusing_policies, reuse_names);

TYPED_TEST(prefixes, that_are_reused_are_those_of_a_naive_set_after_every_step) {
  const int steps = std::getenv("KVFOLIO_SOAK") != nullptr ? 100'000 : 400;
  for_each_seed([this, steps](std::mt19937& rng) {
    std::size_t hits = 0;
    std::size_t evicted = 0;
    std::size_t withdrawn = 0;
    this->for_small_pages([&](std::uint32_t tokens) {
      for (const std::uint32_t pages : {12U, 30U, 100U}) {
        SCOPED_TRACE(std::to_string(pages) + " pages");
        prefix_driver<TypeParam> driver{pool(tokens, pages), rng};
        drive(driver, steps);
        hits += driver.counts().page_hits;
        evicted += driver.counts().pages_evicted;
        withdrawn += driver.counts().pages_withdrawn;
      }
    });
    const bool reuses = TypeParam::prefix_index::enabled;
    EXPECT_EQ(hits > 100, reuses) << hits;
    EXPECT_EQ(evicted > 100, reuses) << evicted;
    EXPECT_EQ(withdrawn > 0, reuses) << withdrawn;
  });
}

TYPED_TEST(prefixes, that_were_committed_are_all_found_where_nothing_is_evicted) {
  for_each_seed([this](std::mt19937& rng) {
    this->for_small_pages([&](std::uint32_t tokens) {
      prefix_driver<TypeParam> driver{pool(tokens, inexhaustible), rng};
      for (int step = 0; step < 150; ++step) driver.step();
      EXPECT_EQ(driver.counts().pages_evicted, 0U);
    });
  });
}

TYPED_TEST(prefixes, scenario_50_equal_calls_have_equal_victims_whatever_the_seed_of_the_keys) {
  for_each_seed([](std::mt19937& rng) {
    auto config = pool(2, 20);
    prefix_driver<TypeParam> one{config, rng};
    config.key_seed = 0x9e3779b97f4a7c15U;
    prefix_driver<TypeParam> other{config, rng};
    for (int step = 0; step < 500; ++step) {
      one.step();
      other.step();
      ASSERT_EQ(one.digest(), other.digest()) << "at step " << step;
      ASSERT_EQ(one.mirror().removed(), other.mirror().removed()) << "at step " << step;
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
