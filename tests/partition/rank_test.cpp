// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/partition/equal_stages.hpp>
#include <kvfolio/partition/rank.hpp>

namespace kvfolio::test {
namespace {

using partition::model_cut;
using partition::rank_share;

std::vector<rank_share> shares(const char* name, const model_cut& cut) {
  std::vector<rank_share> all;
  for (std::uint32_t rank = 0; rank < cut.ranks(); ++rank) {
    all.push_back(partition::share_of(model::preset_named(name), cut, rank,
                                      model::uniform(dtype::bf16), dtype::bf16));
  }
  return all;
}

TEST(rank, llama_3_70b_between_8_and_16_and_4_by_2) {
  for (const auto& share : shares("llama-3-70b", {.tensor = 8, .split = {80}})) {
    EXPECT_EQ(share.parameters, 8'820'367'360U);
    EXPECT_EQ(share.weight_bytes, 2 * share.parameters);
    EXPECT_EQ(share.kv_bytes_per_token, 40'960U);
    EXPECT_EQ(share.heads, 8U);
    EXPECT_EQ(share.kv_heads, 1U);
    EXPECT_EQ(share.padding_parameters, 0U);
  }
  for (const auto& share : shares("llama-3-70b", {.tensor = 16, .split = {80}})) {
    EXPECT_EQ(share.parameters, 4'494'729'216U);
    EXPECT_EQ(share.kv_bytes_per_token, 40'960U) << "a KV head cannot be cut";
  }
  const auto both = shares("llama-3-70b", {.tensor = 4, .split = {40, 40}});
  EXPECT_EQ(both[0].parameters, 8'819'703'808U);
  EXPECT_EQ(both[7].parameters, 8'819'712'000U);
  EXPECT_EQ(both[3].kv_bytes_per_token, 40'960U);
  EXPECT_TRUE(both[3].has_input && !both[3].has_output);
  EXPECT_TRUE(both[4].has_output && !both[4].has_input);
}

TEST(rank, a_tied_head_is_on_the_first_and_on_the_last_stage) {
  const auto all = shares("gpt2", {.tensor = 1, .split = {6, 6}});
  const auto whole = model::parameters(model::preset_named("gpt2"));
  EXPECT_EQ(all[0].parameters + all[1].parameters, whole + 50257U * 768);
  EXPECT_EQ(shares("gpt2", {.tensor = 1, .split = {12}})[0].parameters, whole);
}

TEST(rank, rows_that_stand_for_no_token_are_counted_apart) {
  const auto all = shares("gpt2", {.tensor = 2, .split = {12}});
  EXPECT_EQ(all[0].padding_parameters, 0U);
  EXPECT_EQ(all[1].padding_parameters, 47U * 768);
  EXPECT_EQ(all[1].padding_bytes, 2U * 47 * 768);
  EXPECT_EQ(all[0].parameters - all[1].parameters, 47U * 768);
}

TEST(rank, a_latent_is_on_every_rank) {
  for (const auto& share : shares("deepseek-v3", {.tensor = 8, .split = {61}})) {
    EXPECT_EQ(share.kv_bytes_per_token, 70'272U);
    EXPECT_EQ(share.kv_heads, 1U);
    EXPECT_EQ(share.heads, 16U);
  }
}

TEST(rank, experts_are_cut_or_parted_and_both_cover_them_once) {
  const auto cut = shares("mixtral-8x7b", {.tensor = 4, .split = {32}});
  const auto parted = shares("mixtral-8x7b", {.tensor = 4, .split = {32}, .expert_parallel = true});
  EXPECT_EQ(cut[0].parameters, parted[3].parameters) << "8 experts are 2 each";
  const auto uneven =
      shares("mixtral-8x7b", {.tensor = 16, .split = {32}, .expert_parallel = false});
  EXPECT_LT(uneven[0].parameters, cut[0].parameters);
  EXPECT_THROW(shares("mixtral-8x7b", {.tensor = 16, .split = {32}, .expert_parallel = true}),
               partition::bad_partition)
      << "8 experts are too few";
}

// What is on every rank is counted as often; everything else once.
TEST(rank, the_ranks_together_have_every_parameter) {
  for (const auto* name : {"llama-2-7b", "qwen2.5-7b", "gpt2-medium", "opt-125m", "mixtral-8x7b"}) {
    const auto model = model::preset_named(name);
    std::uint64_t replicated = 0;
    model::for_each_weight(model, [&](const auto& part) {
      if (part.cut == model::weight_cut::whole) replicated += part.elements();
    });
    for (const std::uint32_t tensor : {1U, 2U, 4U}) {
      std::uint64_t sum = 0;
      const auto layers = static_cast<std::uint32_t>(model.layers.size());
      for (const auto& share :
           shares(name, {.tensor = tensor, .split = partition::rule::vllm(layers, 3)})) {
        sum += share.parameters;
      }
      const std::uint64_t twice = model.tied ? std::uint64_t{model.vocabulary} * model.hidden : 0;
      EXPECT_EQ(sum, model::parameters(model) + (tensor - 1) * replicated + twice) << name;
    }
  }
}

TEST(rank, what_cannot_be_cut_is_refused) {
  EXPECT_THROW(shares("llama-3-8b", {.tensor = 3, .split = {32}}), partition::bad_partition);
  EXPECT_THROW(shares("llama-3-8b", {.tensor = 2, .split = {16, 15}}), partition::bad_partition);
  EXPECT_THROW(shares("llama-3-8b", {.tensor = 2, .split = {32, 0}}), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(partition::share_of(model::preset_named("gpt2"),
                                                     {.tensor = 1, .split = {12}}, 1,
                                                     model::uniform(dtype::bf16), dtype::bf16)),
               partition::bad_partition);
}

TEST(rank, quantised_rows_must_stay_whole_blocks) {
  const auto llama = model::preset_named("llama-2-7b");  // 11008 is 43 * 256
  const auto formats = model::gguf(model::formats::q4_k, model::formats::q6_k);
  EXPECT_NO_THROW(static_cast<void>(
      partition::share_of(llama, {.tensor = 1, .split = {32}}, 0, formats, dtype::f16)));
  EXPECT_THROW(static_cast<void>(partition::share_of(llama, {.tensor = 2, .split = {32}}, 0,
                                                     formats, dtype::f16)),
               std::invalid_argument);
}

// The partitioners compose with the cache: a rank's holds its heads and layers, and no others.
TEST(rank, its_cache_holds_exactly_its_heads_and_layers) {
  const auto llama = model::preset_named("llama-3-8b");
  const model_cut cut{.tensor = 4, .split = partition::rule::vllm(32, 3)};
  std::size_t bytes = 0;
  for (std::uint32_t rank = 0; rank < cut.ranks(); ++rank) {
    const auto shape = partition::rank_shape(llama, cut, rank, dtype::f16);
    EXPECT_EQ(shape.layers, cut.split[rank / 4]);
    EXPECT_EQ(shape.kv_heads, 2U);
    bytes += shape.bytes_per_token();
    paged_cache<> cache{{.shape = shape, .pages = 2}};
    auto sequence = cache.create().value();
    ASSERT_TRUE(sequence.append(20));
    EXPECT_EQ(cache.bytes(page_id{0}).size(), 16 * shape.bytes_per_token());
  }
  EXPECT_EQ(bytes, 131'072U) << "together they are the whole";
}

TEST(rank, layers_that_keep_different_things_need_several_groups) {
  auto hybrid = model::llama(4, 16, 4, 2, 4, 32, 100);
  hybrid.layers[3].attends.head_dim = 8;
  EXPECT_EQ(partition::rank_shape(hybrid, {.tensor = 1, .split = {3, 1}}, 1, dtype::f16).key_dim,
            8U);
  EXPECT_THROW(
      static_cast<void>(partition::rank_shape(hybrid, {.tensor = 1, .split = {4}}, 0, dtype::f16)),
      partition::bad_partition);
  hybrid.layers[3].attends.owns_kv = false;
  EXPECT_EQ(partition::rank_shape(hybrid, {.tensor = 1, .split = {4}}, 0, dtype::f16).layers, 3U);
}

}  // namespace
}  // namespace kvfolio::test
