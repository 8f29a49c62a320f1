// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/model/capacity.hpp>
#include <kvfolio/model/presets.hpp>

namespace kvfolio::test {
namespace {

using model::gibibyte;

TEST(capacity, four_parts_are_the_total) {
  const model::memory_parts parts{26, 16, 4, 5};
  EXPECT_EQ(parts.total(), 51U);
  const auto given = model::with_fractions({.weights = 42, .kv = 28}, 0.1, 0.2);
  EXPECT_EQ(given.activations, 10U);
  EXPECT_EQ(given.overhead, 20U);
  EXPECT_EQ(given.total(), 100U);
  EXPECT_THROW(static_cast<void>(model::with_fractions({}, 0.5, 0.5)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(model::with_fractions({}, -0.1, 0.5)), std::invalid_argument);
}

// The widely copied example, 10 users of 2,000 tokens: 51.6 GB and two cards, not 101.2 and three.
TEST(capacity, llama_13b_for_ten_users_takes_two_cards_of_40_gb) {
  const auto llama = model::preset_named("llama-2-13b");
  const auto kept = cached_layers(llama, dtype::f16);
  const model::memory_parts parts{model::weight_bytes(llama, model::uniform(dtype::f16)),
                                  10 * model::sequence_bytes(kept, 2000, {.tokens_per_page = 16}),
                                  9'200'000'000, 0};
  EXPECT_EQ(parts.weights, 26'031'728'640U);
  EXPECT_EQ(parts.kv, 16'384'000'000U);
  EXPECT_EQ(parts.total(), 51'615'728'640U);
  EXPECT_EQ(ceil_div(parts.total(), 40 * model::gigabyte), 2U);
  EXPECT_EQ(ceil_div(parts.total(), 36 * model::gigabyte), 2U) << "at 90 %";
}

// vLLM, Llama 3 8B: 64 KiB a page and layer.
TEST(capacity, vllm_takes_a_fraction_of_all_memory) {
  EXPECT_EQ(model::pool_pages(20 * gibibyte, 32, 4096, 16), 10'240U);
  EXPECT_EQ(model::vllm_pool(40 * gibibyte, 0.5, {.weights = 15 * gibibyte, .kv = 99}),
            5 * gibibyte)
      << "what the pool itself takes does not count";
  try {
    static_cast<void>(
        model::vllm_pool(100, 0.9, {.weights = 80, .activations = 5, .overhead = 10}));
    FAIL();
  } catch (const model::not_enough_memory& error) {
    EXPECT_EQ(error.missing(), 6U);
    EXPECT_NE(std::string{error.what()}.find("6 bytes are missing"), std::string::npos);
  }
  EXPECT_THROW(static_cast<void>(model::vllm_pool(100, 1.1, {})), std::invalid_argument);
}

TEST(capacity, trtllm_takes_a_fraction_of_what_is_free_and_no_more_than_asked_for) {
  EXPECT_EQ(model::trtllm_pool(1000, 0.9), 900U);
  EXPECT_EQ(model::trtllm_pool(1000, 0.9, 10, 20), 200U);
  EXPECT_EQ(model::trtllm_pool(1000, 0.9, 100, 20), 900U) << "the smaller wins";
  EXPECT_THROW(static_cast<void>(model::trtllm_pool(1000, 0)), std::invalid_argument);
}

TEST(capacity, batches_and_contexts_are_the_largest_that_fit) {
  const auto kept = cached_layers(model::preset_named("llama-3-8b"), dtype::f16);
  EXPECT_EQ(model::largest_batch(gibibyte, kept, 1024), 8U);
  EXPECT_EQ(model::largest_batch(gibibyte, kept, 1025), 7U) << "of whole pages";
  EXPECT_EQ(model::longest_context(gibibyte, kept, 8, 1U << 30U), 1024U);
  EXPECT_EQ(model::longest_context(gibibyte, kept, 8, 1000), 1000U);
  EXPECT_EQ(model::longest_context(1000, kept, 1, 1000), 0U);
  EXPECT_EQ(model::longest_context(gibibyte, kept, 8, 1U << 30U, {.context_ranks = 2}), 2048U);
  EXPECT_EQ(model::largest_batch(10, {}, 1024), 0U);
}

TEST(capacity, a_window_keeps_what_a_pass_may_read_and_a_page_more) {
  const std::vector<model::cached_layer> layer{{1, 1024, 0}};
  const model::serving how{.tokens_per_page = 16, .batched_tokens = 2048};
  EXPECT_EQ(model::sequence_bytes(layer, 1'000'000, how), (3071 + 15) / 16 * 16 + 16U);
  EXPECT_EQ(model::sequence_bytes(layer, 160, how), 160U) << "never more than there are";
  EXPECT_EQ(model::sequence_bytes(std::vector<model::cached_layer>{{0, 0, 7}}, 100), 7U);
}

TEST(capacity, layers_of_several_types_share_pages_in_groups) {
  const auto gemma = model::group_layers(std::vector{10U, 52U});
  EXPECT_EQ(gemma.layers_each, 10U);
  EXPECT_EQ(gemma.groups, (std::vector{1U, 6U}));
  EXPECT_EQ(gemma.padding, 8U);
  const auto close = model::group_layers(std::vector{10U, 14U});
  EXPECT_EQ(close.layers_each, 14U);
  EXPECT_EQ(close.padding, 4U);
  EXPECT_EQ(model::group_layers(std::vector{10U, 15U}).layers_each, 10U);
  EXPECT_THROW(static_cast<void>(model::group_layers(std::vector{10U, 0U})), std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
