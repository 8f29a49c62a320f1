// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/core/math.hpp>

namespace kvfolio::test {
namespace {

constexpr auto most = std::numeric_limits<std::size_t>::max();

TEST(math, ceil_div_rounds_up_and_cannot_overflow) {
  EXPECT_EQ(ceil_div(0U, 16U), 0U);
  EXPECT_EQ(ceil_div(1U, 16U), 1U);
  EXPECT_EQ(ceil_div(16U, 16U), 1U);
  EXPECT_EQ(ceil_div(17U, 16U), 2U);
  EXPECT_EQ(ceil_div(most, std::size_t{1}), most);
  EXPECT_EQ(ceil_div(most, std::size_t{2}), most / 2 + 1);
}

TEST(math, sums_and_products_that_do_not_fit_throw) {
  EXPECT_EQ(checked_add(most, 0), most);
  EXPECT_EQ(checked_mul(most, 1), most);
  EXPECT_EQ(checked_mul(most, 0), 0U);
  EXPECT_EQ(checked_mul(0, most), 0U);
  EXPECT_EQ(checked_mul(std::size_t{1} << 31U, std::size_t{1} << 32U), std::size_t{1} << 63U);
  EXPECT_THROW(static_cast<void>(checked_add(most, 1)), std::length_error);
  EXPECT_THROW(static_cast<void>(checked_add(1, most)), std::length_error);
  EXPECT_THROW(static_cast<void>(checked_mul(std::size_t{1} << 32U, std::size_t{1} << 32U)),
               std::length_error);
}

TEST(math, scrambling_bits_is_a_bijection_that_changes_about_half_of_them) {
  std::set<std::uint64_t> seen;
  int flipped = 0;
  for (std::uint64_t i = 0; i < 4096; ++i) {
    EXPECT_TRUE(seen.insert(mix_bits(i)).second);
    flipped += __builtin_popcountll(mix_bits(i) ^ mix_bits(i ^ 1U));
  }
  EXPECT_NEAR(flipped / 4096.0, 32.0, 1.0);
}

#ifndef NDEBUG
TEST(math_death, dividing_by_nothing_is_a_contract_violation) {
  EXPECT_DEATH(static_cast<void>(ceil_div(1U, 0U)), "denominator");
}
#endif

}  // namespace
}  // namespace kvfolio::test
