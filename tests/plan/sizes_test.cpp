// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <plan/sizes.hpp>

namespace plan::test {
namespace {

TEST(sizes, gb_and_gib_are_never_mixed) {
  EXPECT_EQ(parse_bytes("40GB"), 40'000'000'000U);
  EXPECT_EQ(parse_bytes("24GiB"), 25'769'803'776U);
  EXPECT_EQ(parse_bytes("1.5KiB"), 1536U);
  EXPECT_EQ(parse_bytes("12B"), 12U);
  EXPECT_EQ(in_both_units(26'031'728'640), "26.03 GB (24.24 GiB)");
}

TEST(sizes, a_number_without_its_unit_is_refused) {
  for (const auto* text : {"40", "GB", "40 GB", "-1GB", "40Gb", "", "1e30GB", "nanGB"}) {
    EXPECT_THROW(static_cast<void>(parse_bytes(text)), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace plan::test
