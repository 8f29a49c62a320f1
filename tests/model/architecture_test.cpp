// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>

namespace kvfolio::test {
namespace {

const model::architecture small = model::llama(2, 16, 4, 2, 4, 32, 100);

TEST(architecture, counts_every_weight_once) {
  const std::uint64_t layer = 16 * 16 + 2 * (16 * 8) + 16 * 16 + 3 * 16 * 32 + 2 * 16;
  EXPECT_EQ(model::parameters(small), 2 * layer + 2 * 100 * 16 + 16);
}

TEST(architecture, a_tied_head_is_counted_once) {
  auto tied = small;
  tied.tied = true;
  EXPECT_EQ(model::parameters(small) - model::parameters(tied), 1600U);
}

TEST(architecture, embeddings_of_another_size_are_projected) {
  auto projected = small;
  projected.embedding_dim = 8;
  EXPECT_EQ(model::parameters(small) - model::parameters(projected), 2U * 100 * 8 - 2 * 16 * 8);
}

TEST(architecture, learned_positions_and_the_final_norm_are_counted) {
  auto other = small;
  other.positions = 10;
  other.norm_bias = true;
  EXPECT_EQ(model::parameters(other) - model::parameters(small), 160U + 16 + 2 * 2 * 16);
  other.final_norm = false;
  EXPECT_EQ(model::parameters(other) - model::parameters(small), 160U + 2 * 2 * 16 - 16);
}

TEST(architecture, states_are_of_sequences_and_not_of_tokens) {
  auto hybrid = small;
  hybrid.layers[1].attends = {.state_elements = 64, .state_parameters = 500};
  EXPECT_EQ(model::kv_bytes_per_token(hybrid, dtype::f16),
            model::kv_bytes_per_token(small, dtype::f16) / 2);
  EXPECT_EQ(model::state_bytes(hybrid, dtype::f16), 128U);
  EXPECT_EQ(model::state_bytes(small, dtype::f16), 0U);
}

TEST(architecture, the_smaller_cache_of_quantised_keys_is_counted) {
  EXPECT_EQ(model::kv_bytes_per_token(small, dtype::f16), 2U * 2 * 2 * 4 * 2);
  EXPECT_EQ(model::kv_bytes_per_token(small, dtype::f8), 2U * 2 * 2 * 4);
  EXPECT_EQ(model::kv_bytes_per_token(small, dtype::i4), 2U * 2 * 2 * 2);
}

template <class Change>
void expect_refused(Change change, const char* because) {
  auto model = small;
  EXPECT_NO_THROW(model::check(model));
  change(model);
  try {
    model::check(model);
    ADD_FAILURE() << "accepted, in spite of " << because;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find(because), std::string::npos) << error.what();
  }
}

TEST(architecture, what_cannot_be_is_refused_with_the_reason) {
  expect_refused([](auto& model) { model.layers.clear(); }, "layers");
  expect_refused([](auto& model) { model.hidden = 0; }, "hidden");
  expect_refused([](auto& model) { model.layers[1].attends.heads = 0; }, "layer 1 has no heads");
  expect_refused([](auto& model) { model.layers[0].attends.kv_heads = 3; }, "divide the heads");
  expect_refused([](auto& model) { model.layers[0].feeds.experts = 4; }, "visit 1 to all");
}

}  // namespace
}  // namespace kvfolio::test
