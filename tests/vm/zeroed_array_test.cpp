// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/vm/system_limits.hpp>
#include <kvfolio/vm/zeroed_array.hpp>

#include "../support/sanitized.hpp"

namespace kvfolio::test {
namespace {

using vm::number_in;
using vm::zeroed_array;

TEST(zeroed_array, begins_with_zeros) {
  zeroed_array<std::uint32_t> numbers{1000};
  ASSERT_EQ(numbers.size(), 1000U);
  for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(std::as_const(numbers)[i], 0U);
  numbers[999] = 7;
  EXPECT_EQ(numbers[999], 7U);
}

TEST(zeroed_array, a_large_one_takes_memory_only_where_it_is_written) {
  if constexpr (sanitized) GTEST_SKIP() << "the sanitizer's own memory counts too";
  const auto before = number_in("/proc/self/status", "VmRSS:", 0);
  zeroed_array<std::uint64_t> many{std::size_t{1} << 27U};  // a GiB
  many[0] = many[many.size() - 1] = 1;
  EXPECT_LT(number_in("/proc/self/status", "VmRSS:", 0), before + 1024) << "KiB";
}

TEST(zeroed_array, is_empty_where_memory_has_run_out) {
  if constexpr (sanitized) GTEST_SKIP() << "the sanitizer would end the program";
  const zeroed_array<std::uint64_t> impossible{SIZE_MAX / 16};
  EXPECT_EQ(impossible.size(), 0U);
}

TEST(zeroed_array, moving_leaves_an_empty_array) {
  zeroed_array<int> one{3};
  one[1] = 5;
  zeroed_array<int> other{std::move(one)};
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move): what is tested
  EXPECT_EQ(one.size(), 0U);
  EXPECT_EQ(other[1], 5);
  one = std::move(other);
  EXPECT_EQ(one[1], 5);
}

}  // namespace
}  // namespace kvfolio::test
