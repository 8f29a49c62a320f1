// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/tier/concept.hpp>

#include "../support/default_made.hpp"
#include "../support/departures.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {

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

}  // namespace kvfolio::test
