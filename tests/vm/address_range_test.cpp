// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/vm/address_range.hpp>

namespace kvfolio::test {
namespace {

using vm::address_range;

TEST(address_range, contains_what_lies_within_it_altogether) {
  constexpr address_range range{0x1000, 0x3000};
  static_assert(range.end() == 0x4000);
  EXPECT_TRUE(range.contains(0x1000, 0x3000));
  EXPECT_TRUE(range.contains(0x3fff, 1));
  EXPECT_TRUE(range.contains(0x4000, 0));
  EXPECT_FALSE(range.contains(0xfff, 1));
  EXPECT_FALSE(range.contains(0x4000, 1));
  EXPECT_FALSE(range.contains(0x1000, 0x3001));
}

TEST(address_range, does_not_wrap_at_the_end_of_the_address_space) {
  constexpr address_range last{UINTPTR_MAX - 0xfff, 0xfff};
  EXPECT_TRUE(last.contains(UINTPTR_MAX - 1, 1));
  EXPECT_FALSE(last.contains(UINTPTR_MAX - 1, SIZE_MAX));
}

TEST(address_range, without_addresses_by_default) {
  EXPECT_EQ(address_range{}, (address_range{0, 0}));
  EXPECT_FALSE(address_range{}.contains(0, 1));
}

}  // namespace
}  // namespace kvfolio::test
