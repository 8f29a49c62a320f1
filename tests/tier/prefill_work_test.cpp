// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/tier/prefill_work.hpp>

namespace kvfolio::test {
namespace {

tier::prefill_work work_named(const char* preset) {
  return tier::work_of(model::preset_named(preset), model::uniform(dtype::f16));
}

// 6,979,321,856 weights in matrices of layers; 32 layers of 32 heads of 128.
TEST(prefill_work, of_llama_3_8b_is_known) {
  const auto work = work_named("llama-3-8b");
  EXPECT_DOUBLE_EQ(work.each_token.value(), 2 * 6'979'321'856.0);
  EXPECT_EQ(work.weight_bytes, 2 * 6'979'321'856U);
  EXPECT_DOUBLE_EQ(work.linear(512).value(), 1024 * 6'979'321'856.0);
  EXPECT_DOUBLE_EQ(work.attending(0, 512).value(), 2.0 * 32 * 32 * 128 * 512 * 512);
}

TEST(prefill_work, what_is_computed_in_two_parts_is_the_whole) {
  for (const auto* preset : {"llama-3-8b", "gemma-3-27b", "deepseek-v3"}) {
    const auto work = work_named(preset);
    const auto whole = work.attending(0, 5000);
    for (const std::uint64_t cut : {1U, 500U, 1024U, 4999U}) {
      const auto parts = work.attending(0, cut) + work.attending(cut, 5000 - cut);
      EXPECT_NEAR(parts / whole, 1, 1e-12) << preset << " cut at " << cut;
      EXPECT_LT(work.attending(0, cut), work.attending(cut, cut)) << "more to attend to";
    }
  }
}

TEST(prefill_work, a_window_bounds_what_a_token_attends_to) {
  const auto work = work_named("gemma-3-27b");
  ASSERT_EQ(work.attentions.size(), 2U);
  const auto each = 4.0 * 32 * 128;
  const auto full = 10 * each * 4096 * 4096 / 2;
  const auto windowed = 52 * each * (1024.0 * 1024 / 2 + 3072 * 1024);
  EXPECT_DOUBLE_EQ(work.attending(0, 4096).value(), full + windowed);
  EXPECT_DOUBLE_EQ((work.attending(8192, 1) - work.attending(4096, 1)).value(), 10 * each * 4096)
      << "behind its window, a layer takes as long for each token";
}

TEST(prefill_work, a_token_meets_the_experts_that_it_visits_and_a_pass_reads_all) {
  const auto mixtral = work_named("mixtral-8x7b");
  const auto attending = 4096.0 * 4096 * 2 + 2.0 * 4096 * 1024;
  const auto expert = 3.0 * 4096 * 14336;
  EXPECT_DOUBLE_EQ(mixtral.each_token.value(), 2 * 32 * (attending + 2 * expert));
  EXPECT_DOUBLE_EQ(static_cast<double>(mixtral.weight_bytes), 2 * 32 * (attending + 8 * expert));
}

TEST(prefill_work, rotated_parts_of_latent_keys_count_and_states_attend_to_nothing) {
  const auto latent = work_named("deepseek-v3");
  EXPECT_DOUBLE_EQ(latent.attending(0, 10).value(), 61 * 2.0 * 128 * (128 + 64 + 128) * 50);

  auto recurrent = model::preset_named("llama-3-8b");
  for (auto& layer : recurrent.layers) layer.attends = {.state_elements = 1, .state_parameters = 7};
  const auto work = tier::work_of(recurrent, model::uniform(dtype::f16));
  EXPECT_DOUBLE_EQ(work.attending(0, 1000).value(), 0);
  EXPECT_DOUBLE_EQ(work.each_token.value(), 2 * 32 * (7 + 3.0 * 4096 * 14336));
}

}  // namespace
}  // namespace kvfolio::test
