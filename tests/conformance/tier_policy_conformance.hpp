// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/tier/concept.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// Returns a departure of any length up to `most` tokens, to any store.
inline departure any_departure(std::mt19937& rng, std::uint64_t most) {
  departure leaving;
  leaving.tokens = rng() % (most + 1);
  leaving.tokens_per_page = 1 + rng() % 64;
  leaving.context = std::uint64_t{leaving.tokens_per_page} * (rng() % 64);
  leaving.page_bytes = leaving.tokens_per_page * (1 + rng() % 800'000);
  leaving.copies = 1 + rng() % (1 + 64 * leaving.pages());
  leaving.waits_until_out = rng() % 2 == 0;
  const auto all = leaving.pages() * leaving.page_bytes;
  const std::uint64_t rooms[] = {0, leaving.page_bytes, all / 2, all, UINT64_MAX};
  leaving.free_bytes = rooms[rng() % 5];
  return leaving;
}

/// What every `tier_policy` promises, whatever it decides. Instantiate once per policy, with a
/// type `Maker` whose `make()` returns one.
template <class Maker>
class tier_policy_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(tier_policy_conformance);

TYPED_TEST_P(tier_policy_conformance, whole_pages_or_all_are_recomputed_and_the_rest_fits) {
  const auto tier = TypeParam::make();
  static_assert(tier_policy<std::remove_cv_t<decltype(tier)>>);
  for_each_seed([&](std::mt19937& rng) {
    for (int i = 0; i < 2'000; ++i) {
      const auto leaving = any_departure(rng, 100'000);
      const auto first = tier.tokens_to_recompute(leaving);
      ASSERT_LE(first, leaving.tokens) << "at step " << i;
      if (first == leaving.tokens) continue;
      ASSERT_EQ(first % leaving.tokens_per_page, 0U) << "at step " << i;
      const auto pages = first / leaving.tokens_per_page;
      ASSERT_LE(leaving.bytes_behind(pages), leaving.free_bytes) << "at step " << i;
    }
  });
}

TYPED_TEST_P(tier_policy_conformance, without_a_store_everything_is_recomputed) {
  const auto tier = TypeParam::make();
  EXPECT_EQ(tier.tokens_to_recompute({.tokens = 100, .tokens_per_page = 16, .page_bytes = 1}),
            100U);
  EXPECT_EQ(tier.tokens_to_recompute({}), 0U) << "nothing leaves";
}

TYPED_TEST_P(tier_policy_conformance, equal_departures_have_equal_answers_also_after_a_move) {
  for_each_seed([](std::mt19937& rng) {
    auto tier = TypeParam::make();
    const auto leaving = any_departure(rng, 100'000);
    const auto before = tier.tokens_to_recompute(leaving);
    static_cast<void>(tier.tokens_to_recompute(any_departure(rng, 100'000)));
    const auto moved = std::move(tier);
    EXPECT_EQ(moved.tokens_to_recompute(leaving), before);
  });
}

REGISTER_TYPED_TEST_SUITE_P(tier_policy_conformance,
                            whole_pages_or_all_are_recomputed_and_the_rest_fits,
                            without_a_store_everything_is_recomputed,
                            equal_departures_have_equal_answers_also_after_a_move);

/// Makes a policy that needs nothing.
template <class P>
struct default_made {
  static P make() { return {}; }
};

}  // namespace kvfolio::test
