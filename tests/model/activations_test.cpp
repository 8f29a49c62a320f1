// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/model/activations.hpp>
#include <kvfolio/model/presets.hpp>

namespace kvfolio::test {
namespace {

TEST(activations, of_a_prefill_of_llama_3_8b_are_those_of_its_mlp) {
  const auto llama = model::preset_named("llama-3-8b");
  EXPECT_EQ(model::activation_bytes(llama, 2048, 1, dtype::bf16), 209'715'200U);
  EXPECT_EQ(model::activation_bytes(llama, 2048, 2, dtype::bf16), 209'715'200U - 88'080'384)
      << "half of the MLP's; the residual is on every rank";
}

TEST(activations, experts_are_as_many_as_a_token_visits) {
  const auto mixtral = model::preset_named("mixtral-8x7b");
  EXPECT_EQ(model::activation_bytes(mixtral, 10, 1, dtype::bf16),
            10U * (2 * 4096 + 2 * (3 * 14336 + 4096)) * 2);
}

TEST(activations, logits_are_in_single_precision_and_cut_by_the_vocabulary) {
  const auto llama = model::preset_named("llama-3-8b");
  EXPECT_EQ(model::logit_bytes(llama, 256), 131'334'144U);
  EXPECT_EQ(model::logit_bytes(llama, 256, 2), 65'667'072U);
}

}  // namespace
}  // namespace kvfolio::test
