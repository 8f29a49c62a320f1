// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/model/block_format.hpp>

namespace kvfolio::test {
namespace {

using namespace model::formats;

// As ggml's tables and the papers give them.
TEST(block_format, has_the_published_bits_for_each_weight) {
  EXPECT_EQ(q4_0.bits_per_element(), 4.5);
  EXPECT_EQ(q4_1.bits_per_element(), 5);
  EXPECT_EQ(q5_0.bits_per_element(), 5.5);
  EXPECT_EQ(q5_1.bits_per_element(), 6);
  EXPECT_EQ(q8_0.bits_per_element(), 8.5);
  EXPECT_EQ(q2_k.bits_per_element(), 2.625);
  EXPECT_EQ(q3_k.bits_per_element(), 3.4375);
  EXPECT_EQ(q4_k.bits_per_element(), 4.5);
  EXPECT_EQ(q5_k.bits_per_element(), 5.5);
  EXPECT_EQ(q6_k.bits_per_element(), 6.5625);
  EXPECT_EQ(iq4_nl.bits_per_element(), 4.5);
  EXPECT_EQ(iq4_xs.bits_per_element(), 4.25);
  EXPECT_EQ(mxfp4.bits_per_element(), 4.25);
  EXPECT_EQ(nvfp4.bits_per_element(), 4.5);
  EXPECT_EQ(int4_group_128.bits_per_element(), 4.15625);
  EXPECT_EQ(nf4.bits_per_element(), 4.5);
  EXPECT_NEAR(nf4_double.bits_per_element(), 4.127, 1e-3);
  EXPECT_NEAR(fp8_block_128.bits_per_element(), 8.002, 1e-3);
}

TEST(block_format, plain_elements_are_blocks_of_one_but_for_half_bytes) {
  EXPECT_EQ(model::plain(dtype::f32), (model::block_format{1, 4}));
  EXPECT_EQ(model::plain(dtype::bf16), (model::block_format{1, 2}));
  EXPECT_EQ(model::plain(dtype::f8), (model::block_format{1, 1}));
  EXPECT_EQ(model::plain(dtype::i4), (model::block_format{2, 1}));
}

TEST(block_format, rows_are_whole_blocks_or_refused) {
  EXPECT_EQ(model::bytes_in(q4_0, 3, 64), 3U * 2 * 18);
  EXPECT_EQ(model::bytes_in(q6_k, 0, 256), 0U);
  EXPECT_THROW(static_cast<void>(model::bytes_in(q4_k, 2, 640)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(model::bytes_in(q4_0, ~0ULL, 64)), std::length_error);
}

}  // namespace
}  // namespace kvfolio::test
