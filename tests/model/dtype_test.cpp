// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/model/dtype.hpp>

namespace kvfolio::test {
namespace {

TEST(dtype, has_the_bits_of_its_name) {
  EXPECT_EQ(bits_of(dtype::f32), 32U);
  EXPECT_EQ(bits_of(dtype::f16), 16U);
  EXPECT_EQ(bits_of(dtype::bf16), 16U);
  EXPECT_EQ(bits_of(dtype::f8), 8U);
  EXPECT_EQ(bits_of(dtype::i8), 8U);
  EXPECT_EQ(bits_of(dtype::i4), 4U);
}

}  // namespace
}  // namespace kvfolio::test
