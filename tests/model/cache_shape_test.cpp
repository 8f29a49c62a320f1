// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/model/cache_shape.hpp>

namespace kvfolio::test {
namespace {

// Published figures: KV bytes of one token.
TEST(cache_shape, bytes_per_token_are_those_of_known_models) {
  EXPECT_EQ(model::grouped_query(32, 32, 128, dtype::f16).bytes_per_token(), 524'288U)
      << "Llama 2 7B, multi-head";
  EXPECT_EQ(model::grouped_query(32, 8, 128, dtype::f16).bytes_per_token(), 131'072U)
      << "Llama 3 8B, grouped-query";
  EXPECT_EQ(model::grouped_query(80, 8, 128, dtype::bf16).bytes_per_token(), 327'680U)
      << "Llama 3 70B";
  EXPECT_EQ(model::latent(61, 512, 64, dtype::bf16).bytes_per_token(), 70'272U) << "DeepSeek-V3";
}

TEST(cache_shape, sub_byte_elements_and_scales_are_counted) {
  const auto shape = model::with_scales(model::grouped_query(2, 3, 128, dtype::i4), 8);
  EXPECT_EQ(shape.key_bytes(), 64U);
  EXPECT_EQ(shape.value_bytes(), 64U);
  EXPECT_EQ(shape.bytes_per_token(), (64U + 64U + 8U) * 3 * 2);
}

TEST(cache_shape, a_latent_is_key_and_value_in_one) {
  const auto shape = model::latent(4, 512, 64, dtype::f16);
  EXPECT_EQ(shape.kv_heads, 1U);
  EXPECT_EQ(shape.key_dim, 576U);
  EXPECT_EQ(shape.value_bytes(), 0U);
}

template <class Change>
void expect_refused(Change change, const char* because) {
  auto shape = model::grouped_query(2, 2, 8, dtype::f16);
  EXPECT_NO_THROW(model::check(shape));
  change(shape);
  try {
    model::check(shape);
    ADD_FAILURE() << "accepted, in spite of " << because;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find(because), std::string::npos) << error.what();
  }
}

TEST(cache_shape, what_cannot_be_stored_is_refused_with_the_reason) {
  expect_refused([](auto& shape) { shape.layers = 0; }, "layers");
  expect_refused([](auto& shape) { shape.kv_heads = 0; }, "kv_heads");
  expect_refused([](auto& shape) { shape.key_dim = 0; }, "key_dim");
  expect_refused([](auto& shape) { shape.bits_per_element = 0; }, "bits_per_element");
  expect_refused([](auto& shape) { shape.bits_per_element = 4, shape.key_dim = 3; }, "whole");
  expect_refused([](auto& shape) { shape.bits_per_element = 1, shape.value_dim = 12; }, "whole");
}

TEST(cache_shape, a_token_with_more_bytes_than_can_be_counted_is_refused) {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  const model::cache_shape shape{most, most, 8, 8, 16, 0};
  EXPECT_THROW(model::check(shape), std::length_error);
}

TEST(cache_shape, can_be_checked_while_compiling) {
  static_assert([] {
    model::check(model::grouped_query(32, 8, 128, dtype::i4));
    return true;
  }());
}

}  // namespace
}  // namespace kvfolio::test
