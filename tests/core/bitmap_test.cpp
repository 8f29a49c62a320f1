// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/core/bitmap.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

TEST(bitmap, agrees_with_an_ordered_set) {
  for (const std::size_t bound : {1U, 64U, 65U, 5'000U}) {
    for_each_seed([bound](std::mt19937& rng) {
      bitmap bits{bound};
      std::set<std::size_t> naive;
      for (int i = 0; i < 20'000; ++i) {
        const std::size_t value = rng() % bound;
        if (rng() % 2 == 0) {
          bits.insert(value);
          naive.insert(value);
        } else {
          bits.erase(value);
          naive.erase(value);
        }
        const std::size_t from = rng() % (bound + 1);
        const auto found = naive.lower_bound(from);
        const auto expected = found == naive.end() ? std::nullopt : std::optional{*found};
        ASSERT_EQ(bits.next(from), expected) << "bound " << bound << ", step " << i;
        ASSERT_EQ(bits.contains(value), naive.contains(value));
      }
    });
  }
}

TEST(bitmap, an_empty_range_of_integers_has_no_members) {
  const bitmap bits{0};
  EXPECT_EQ(bits.next(0), std::nullopt);
}

#ifndef NDEBUG
TEST(bitmap_death, a_value_past_the_bound_is_a_contract_violation) {
  bitmap bits{64};
  EXPECT_DEATH(bits.insert(64), "value / 64");
}
#endif

}  // namespace
}  // namespace kvfolio::test
