// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/model/mlp.hpp>

namespace kvfolio::test {
namespace {

std::uint64_t parameters(const model::mlp& layer, std::uint64_t hidden) {
  std::uint64_t sum = 0;
  model::for_each_weight(layer, hidden, [&sum](const auto& part) { sum += part.elements(); });
  return sum;
}

TEST(mlp, has_two_matrices_or_three_with_a_gate) {
  EXPECT_EQ(parameters({.width = 32}, 8), 3U * 32 * 8);
  EXPECT_EQ(parameters({.width = 32, .gated = false}, 8), 2U * 32 * 8);
  EXPECT_EQ(parameters({.width = 32, .gated = false, .bias = true}, 8), 2U * 32 * 8 + 32 + 8);
}

TEST(mlp, experts_have_one_each_beside_a_router_and_what_is_shared) {
  const model::mlp layer{.width = 32, .experts = 4, .top_k = 2};
  EXPECT_EQ(parameters(layer, 8), 4U * 3 * 32 * 8 + 4 * 8);
  auto shared = layer;
  shared.shared_width = 16;
  shared.score_bias = shared.shared_gate = true;
  EXPECT_EQ(parameters(shared, 8) - parameters(layer, 8), 3U * 16 * 8 + 4 + 8);
  EXPECT_EQ(layer.active_width(), 64U);
  EXPECT_EQ(shared.active_width(), 80U);
  EXPECT_EQ((model::mlp{.width = 32}.active_width()), 32U);
}

}  // namespace
}  // namespace kvfolio::test
