// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include <attention/half.hpp>

namespace attention {
namespace {

constexpr std::uint32_t patterns = 0x10000;
constexpr float infinity = std::numeric_limits<float>::infinity();

// By the definition of binary16, with nothing but arithmetic.
double by_definition(std::uint32_t bits) {
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  const auto exponent = static_cast<int>((bits >> 10U) & 31U);
  const auto fraction = static_cast<double>(bits & 0x3ffU) / 1'024;
  if (exponent == 0) return sign * std::ldexp(fraction, -14);
  return sign * std::ldexp(1 + fraction, exponent - 15);
}

bool is_finite(std::uint32_t bits) {
  return ((bits >> 10U) & 31U) != 31;
}

TEST(half, every_finite_number_is_what_the_standard_says) {
  for (std::uint32_t bits = 0; bits < patterns; ++bits) {
    if (!is_finite(bits)) continue;
    ASSERT_EQ(static_cast<double>(to_float(static_cast<half>(bits))), by_definition(bits)) << bits;
  }
}

TEST(half, every_number_survives_the_way_to_float_and_back) {
  for (std::uint32_t bits = 0; bits < patterns; ++bits) {
    const auto number = to_float(static_cast<half>(bits));
    if (std::isnan(number)) {
      ASSERT_TRUE(std::isnan(to_float(to_half(number)))) << bits;
    } else {
      ASSERT_EQ(static_cast<std::uint32_t>(to_half(number)), bits);
    }
  }
}

TEST(half, numbers_between_two_round_to_the_nearer_and_in_the_middle_to_the_even_one) {
  for (std::uint32_t bits = 0; bits < 0x7bff; ++bits) {  // up to the largest but one
    const auto low = to_float(static_cast<half>(bits));
    const auto high = to_float(static_cast<half>(bits + 1));
    const auto middle = (low + high) / 2;
    ASSERT_EQ(static_cast<std::uint32_t>(to_half(middle)), bits % 2 == 0 ? bits : bits + 1);
    ASSERT_EQ(static_cast<std::uint32_t>(to_half(std::nextafter(middle, 0.0F))), bits);
    ASSERT_EQ(static_cast<std::uint32_t>(to_half(std::nextafter(middle, infinity))), bits + 1);
    ASSERT_EQ(to_float(to_half(-middle)), -to_float(to_half(middle)));
  }
}

TEST(half, numbers_that_round_beyond_the_largest_are_infinite) {
  EXPECT_EQ(to_float(to_half(std::nextafter(65'520.0F, 0.0F))), 65'504.0F);
  EXPECT_EQ(to_float(to_half(65'520.0F)), infinity);
  EXPECT_EQ(to_float(to_half(-1e30F)), -infinity);
  EXPECT_EQ(to_float(to_half(infinity)), infinity);
}

}  // namespace
}  // namespace attention
