// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/activation/forward_pass.hpp>
#include <kvfolio/activation/plan_offsets.hpp>
#include <kvfolio/model/activations.hpp>
#include <kvfolio/model/presets.hpp>

namespace kvfolio::test {
namespace {

using activation::forward_pass;
using activation::index_of;
using activation::temporary;

// 2,048 tokens of Llama 3 8B: a residual and the inner elements of an MLP, three times.
TEST(forward_pass, of_llama_3_8b_has_a_known_peak) {
  const auto llama = model::preset_named("llama-3-8b");
  const auto lives = forward_pass(llama, 2048, 1, dtype::f16);
  ASSERT_EQ(lives.size(), 32 * activation::temporaries + 1);
  EXPECT_EQ(activation::most_alive(lives), 2048U * (4096 + 3 * 14336) * 2);
  EXPECT_EQ(model::activation_bytes(llama, 2048, 1, dtype::f16), 209'715'200U);
  const auto& projected = lives[index_of(3, temporary::projected)];
  EXPECT_EQ(projected.bytes, 2048U * (32 + 2 * 8) * 128 * 2);
  EXPECT_EQ(projected.first, 32U);
  EXPECT_EQ(projected.last, 33U);
}

TEST(forward_pass, fits_an_arena_no_larger_than_what_is_alive) {
  for (const auto* name : {"llama-3-8b", "opt-125m", "gemma-3-270m", "mixtral-8x7b"}) {
    const auto model = model::preset_named(name);
    const auto lives = forward_pass(model, 512, 2, dtype::f16);
    const auto plan = activation::plan_offsets(lives);
    EXPECT_TRUE(is_sound(lives, plan)) << name;
    EXPECT_TRUE(plan.optimal) << name;
    EXPECT_LE(plan.bytes, model::activation_bytes(model, 512, 2, dtype::f16)) << name;
  }
}

TEST(forward_pass, a_layer_hands_its_residual_to_the_next) {
  const auto lives = forward_pass(model::preset_named("opt-125m"), 16, 1, dtype::f32);
  for (std::size_t layer = 0; layer < 11; ++layer) {
    const auto& next = lives[index_of(layer + 1, temporary::input)];
    EXPECT_EQ(lives[index_of(layer, temporary::sum)].last, next.first);
    EXPECT_TRUE(lives[index_of(layer, temporary::narrowed)].meets(next));
    EXPECT_FALSE(lives[index_of(layer, temporary::activated)].meets(next));
  }
  EXPECT_EQ(lives.back().bytes, 16U * 768 * 4);
  EXPECT_EQ(lives.back().first, lives[index_of(11, temporary::sum)].last);
}

}  // namespace
}  // namespace kvfolio::test
