// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

#include <gtest/gtest.h>

#include <kvfolio/refcount/concept.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// What every `reference_counter` promises to one thread. Instantiate once per policy.
template <class C>
class reference_counter_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(reference_counter_conformance);

TYPED_TEST_P(reference_counter_conformance, begins_without_pins) {
  const TypeParam pins;
  EXPECT_TRUE(pins.idle());
  EXPECT_FALSE(pins.unique());
  EXPECT_EQ(pins.count(), 0U);
}

TYPED_TEST_P(reference_counter_conformance, answers_at_the_first_and_at_the_last_pin) {
  TypeParam pins;
  EXPECT_TRUE(pins.acquire());
  EXPECT_TRUE(pins.unique());
  EXPECT_FALSE(pins.acquire());
  EXPECT_FALSE(pins.unique());
  EXPECT_FALSE(pins.release());
  EXPECT_TRUE(pins.unique());
  EXPECT_TRUE(pins.release());
  EXPECT_TRUE(pins.idle());
}

TYPED_TEST_P(reference_counter_conformance, starting_is_the_first_pin_of_a_counter_without_any) {
  TypeParam pins;
  pins.start();
  EXPECT_TRUE(pins.unique());
  EXPECT_FALSE(pins.acquire());
  EXPECT_FALSE(pins.release());
  EXPECT_TRUE(pins.release());
  pins.start();
  EXPECT_EQ(pins.count(), 1U);
}

TYPED_TEST_P(reference_counter_conformance, agrees_with_a_number) {
  for_each_seed([](std::mt19937& rng) {
    TypeParam pins;
    std::uint32_t naive = 0;
    for (int i = 0; i < 10'000; ++i) {
      if (naive == 0 || rng() % 2 == 0) {
        ASSERT_EQ(pins.acquire(), naive++ == 0) << "at step " << i;
      } else {
        ASSERT_EQ(pins.release(), --naive == 0) << "at step " << i;
      }
      ASSERT_EQ(pins.count(), naive);
      ASSERT_EQ(pins.idle(), naive == 0);
      ASSERT_EQ(pins.unique(), naive == 1);
    }
  });
}

#ifndef NDEBUG
TYPED_TEST_P(reference_counter_conformance, releasing_more_than_was_acquired_dies) {
  TypeParam pins;
  EXPECT_DEATH(static_cast<void>(pins.release()), "Assertion");
}
REGISTER_TYPED_TEST_SUITE_P(reference_counter_conformance, begins_without_pins,
                            answers_at_the_first_and_at_the_last_pin,
                            starting_is_the_first_pin_of_a_counter_without_any,
                            agrees_with_a_number, releasing_more_than_was_acquired_dies);
#else
REGISTER_TYPED_TEST_SUITE_P(reference_counter_conformance, begins_without_pins,
                            answers_at_the_first_and_at_the_last_pin,
                            starting_is_the_first_pin_of_a_counter_without_any,
                            agrees_with_a_number);
#endif

}  // namespace kvfolio::test
