// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/model/attention.hpp>

namespace kvfolio::test {
namespace {

using model::attention;

std::uint64_t parameters(const attention& layer, std::uint64_t hidden) {
  std::uint64_t sum = 0;
  model::for_each_weight(layer, hidden, [&sum](const auto& part) { sum += part.elements(); });
  return sum;
}

TEST(attention, grouped_queries_have_four_matrices) {
  EXPECT_EQ(parameters({.heads = 4, .kv_heads = 2, .head_dim = 8}, 16),
            16U * 32 + 2 * (16 * 16) + 32 * 16);
}

TEST(attention, biases_and_norms_are_counted_where_they_are) {
  const attention bare{.heads = 4, .kv_heads = 2, .head_dim = 8};
  auto layer = bare;
  layer.qkv_bias = true;
  EXPECT_EQ(parameters(layer, 16) - parameters(bare, 16), 32U + 16 + 16);
  layer.output_bias = true;
  EXPECT_EQ(parameters(layer, 16) - parameters(bare, 16), 64U + 16);
  layer.qk_norm = true;
  EXPECT_EQ(parameters(layer, 16) - parameters(bare, 16), 80U + 2 * 8);
}

TEST(attention, a_latent_is_projected_down_and_up_again) {
  const attention layer{.heads = 4,
                        .head_dim = 8,
                        .value_dim = 6,
                        .latent_dim = 10,
                        .rotary_dim = 2,
                        .query_latent_dim = 12};
  const std::uint64_t queries = 16 * 12 + 12 + 12 * 4 * (8 + 2);
  const std::uint64_t keys = 16 * (10 + 2) + 10 + 10 * 4 * (8 + 6);
  EXPECT_EQ(parameters(layer, 16), queries + keys + 4 * 6 * 16);
}

TEST(attention, layers_that_share_the_keys_of_another_keep_nothing) {
  attention layer{.heads = 4, .kv_heads = 2, .head_dim = 8};
  const auto owner = parameters(layer, 16);
  layer.owns_kv = false;
  EXPECT_EQ(owner - parameters(layer, 16), 2U * 16 * 16);
  EXPECT_EQ(model::kv_shape(layer, 2, dtype::f16).bytes_per_token(), 0U);
}

TEST(attention, a_state_is_kept_for_a_sequence_and_has_the_weights_given) {
  const attention layer{.state_elements = 64, .state_parameters = 1000};
  EXPECT_EQ(parameters(layer, 16), 1000U);
  EXPECT_EQ(model::kv_shape(layer, 1, dtype::f32).bytes_per_token(), 256U);
}

TEST(attention, keys_and_values_may_differ_in_size) {
  const attention layer{.heads = 4, .kv_heads = 2, .head_dim = 8, .value_dim = 6};
  EXPECT_EQ(model::kv_shape(layer, 2, dtype::f16).bytes_per_token(), 2U * (8 + 6) * 2);
  EXPECT_EQ(model::kv_shape(layer, 1, dtype::f16).bytes_per_token(), (8U + 6) * 2);
}

}  // namespace
}  // namespace kvfolio::test
