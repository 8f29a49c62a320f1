// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/units.hpp>

namespace kvfolio::test {
namespace {

using namespace tier;

template <class A, class B>
concept comparable = requires(A a, B b) {
  a < b;
};
template <class A, class B>
concept addable = requires(A a, B b) {
  a + b;
};

TEST(units, only_equal_units_are_compared_and_added) {
  static_assert(comparable<seconds, seconds> && addable<seconds, seconds>);
  static_assert(!comparable<seconds, byte_rate> && !addable<seconds, flop_count>);
  static_assert(!comparable<seconds, double> && !addable<seconds, double>);
  static_assert(!std::is_convertible_v<double, seconds>);
  static_assert(sizeof(seconds) == sizeof(double));
}

TEST(units, work_over_a_rate_is_time) {
  EXPECT_DOUBLE_EQ((flop_count{6e12} / teraflops(2)).value(), 3);
  EXPECT_DOUBLE_EQ((std::uint64_t{50'000'000'000} / gigabytes_per_second(25)).value(), 2);
  EXPECT_DOUBLE_EQ((std::uint64_t{100} / seconds{4}).value(), 25);
  EXPECT_DOUBLE_EQ(seconds{6} / seconds{4}, 1.5);
}

TEST(units, a_quantity_is_a_number) {
  seconds sum{1};
  sum += 2 * seconds{3} - seconds{4} / 2;
  EXPECT_EQ(sum, seconds{5});
  EXPECT_LT(seconds{}, sum);
}

}  // namespace
}  // namespace kvfolio::test
