// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <kvfolio/vm/reclamation.hpp>

namespace kvfolio::test {

/// What every `reclamation_rule` promises, whatever it keeps. Instantiate once per rule.
template <class R>
class reclamation_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(reclamation_conformance);

TYPED_TEST_P(reclamation_conformance, reclaims_when_free_rows_are_few) {
  static_assert(reclamation_rule<TypeParam>);
  EXPECT_TRUE(TypeParam::due({.free = 0, .low = 1}));
  EXPECT_TRUE(TypeParam::due({.free = 7, .low = 8}));
}

TYPED_TEST_P(reclamation_conformance, what_is_due_with_more_free_rows_is_due_with_fewer) {
  for (std::size_t low = 0; low < 10; ++low) {
    for (std::size_t free = 1; free < 10; ++free) {
      EXPECT_TRUE(!TypeParam::due({.free = free, .low = low}) ||
                  TypeParam::due({.free = free - 1, .low = low}));
    }
  }
}

REGISTER_TYPED_TEST_SUITE_P(reclamation_conformance, reclaims_when_free_rows_are_few,
                            what_is_due_with_more_free_rows_is_due_with_fewer);

}  // namespace kvfolio::test
