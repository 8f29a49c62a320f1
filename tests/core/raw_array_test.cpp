// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/core/raw_array.hpp>

#include "../support/sanitized.hpp"

namespace kvfolio::test {
namespace {

static_assert(!std::is_copy_constructible_v<raw_array<int>>);
static_assert(std::is_nothrow_move_constructible_v<raw_array<int>>);
static_assert(std::is_nothrow_move_assignable_v<raw_array<int>>);

TEST(raw_array, keeps_what_is_written_to_it) {
  raw_array<int> numbers{100};
  EXPECT_EQ(numbers.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) numbers[i] = static_cast<int>(i);
  const auto& unchanging = numbers;
  EXPECT_EQ(unchanging[99], 99);
  EXPECT_EQ(unchanging.data() + 7, &numbers[7]);
}

TEST(raw_array, moving_leaves_an_empty_one_behind) {
  raw_array<int> one{2};
  one[1] = 5;
  auto other = std::move(one);
  EXPECT_EQ(one.size(), 0U);  // NOLINT(bugprone-use-after-move): what a moved-from one is
  EXPECT_EQ(other[1], 5);
  raw_array<int> third{7};
  third = std::move(other);
  EXPECT_EQ(third.size(), 2U);
  EXPECT_EQ(third[1], 5);
}

TEST(raw_array, none_is_made_where_there_is_no_memory_for_it) {
  if (sanitized) GTEST_SKIP() << "the sanitizer ends the program";
  // Read at run time: compilers warn of sizes that they can see are too large.
  volatile std::size_t huge = ~std::size_t{0} / 64;
  EXPECT_THROW(raw_array<char>{huge}, std::bad_alloc);
}

#ifndef NDEBUG
TEST(raw_array_death, reading_past_the_end_is_a_contract_violation) {
  raw_array<int> numbers{3};
  EXPECT_DEATH(static_cast<void>(numbers[3]), "index < size_");
}
#endif

}  // namespace
}  // namespace kvfolio::test
