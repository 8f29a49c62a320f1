// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <kvfolio/kvfolio.hpp>

#include <attention/decode.hpp>
#include <attention/filled_batch.hpp>
#include <attention/reference.hpp>

namespace attention {
namespace {

using kv::dtype;
using kv::model::token_order;
using testing::Each;
using testing::HasSubstr;

constexpr std::uint32_t per_page = 4;
constexpr std::uint32_t layers = 2;
constexpr std::uint32_t query_heads = 4;
constexpr std::uint32_t dim = 12;
constexpr double allowed_error = 1e-6;

struct in_trees : kv::default_policies {
  using page_table = kv::table::persistent;
};

kv::cache_config config_of(std::uint32_t kv_heads, dtype type, token_order order) {
  return {.shape = kv::model::grouped_query(layers, kv_heads, dim, type),
          .tokens_per_page = per_page,
          .pages = 64,
          .max_sequences = 16,
          .order = order};
}

std::function<float()> normal_numbers(std::uint32_t seed = 1) {
  return [rng = std::mt19937{seed}, normal = std::normal_distribution<float>{}]() mutable {
    return normal(rng);
  };
}

std::vector<float> make_queries(std::size_t rows, float scale = 1) {
  std::vector<float> queries(rows * query_heads * dim);
  std::generate(queries.begin(), queries.end(), normal_numbers(2));
  for (auto& each : queries) each *= scale;
  return queries;
}

template <class Cache>
std::vector<float> decode_layer(const Cache& cache, const exported_table& table, dtype type,
                                std::uint32_t layer, std::span<const float> queries) {
  std::vector<float> output(queries.size());
  decode({.rows = table.rows,
          .pages = cache.page_array(),
          .type = type,
          .layer = layer,
          .query_heads = query_heads,
          .queries = queries},
         output);
  return output;
}

// Decodes in every layer, with both exports, and expects what double precision says.
template <class Cache>
void expect_accurate(const Cache& cache, const filled_batch<Cache>& batch, dtype type,
                     float query_scale = 1) {
  const auto queries = make_queries(batch.size(), query_scale);
  const auto width = queries.size() / batch.size();
  for (const bool padded : {false, true}) {
    const exported_table table{batch.sequences(), per_page, padded};
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
      const auto output = decode_layer(cache, table, type, layer, queries);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto query = std::span{queries}.subspan(i * width, width);
        const auto expected =
            reference(batch.past(i), cache.config().shape, layer, query_heads, query);
        const auto error = compare(std::span{output}.subspan(i * width, width), expected);
        EXPECT_LE(error.relative_rms, allowed_error)
            << "sequence " << i << " of " << batch.sequences()[i].length() << " tokens, layer "
            << layer << (padded ? ", padded" : ", CSR");
      }
    }
  }
}

// KV heads, element type, token order.
class decode_of : public testing::TestWithParam<std::tuple<std::uint32_t, dtype, token_order>> {
 protected:
  template <class Policies>
  void agrees_with_double_precision() {
    const auto [kv_heads, type, order] = GetParam();
    kv::paged_cache<Policies> cache{config_of(kv_heads, type, order)};
    filled_batch batch{cache, type};
    const auto draw = normal_numbers();
    // One token, a page boundary and its neighbours, several pages, none at all.
    for (const std::size_t length : {1U, 3U, 4U, 5U, 23U, 0U, 40U}) {
      batch.grow(batch.create(), length, draw);
    }
    expect_accurate(cache, batch, type);
  }
};

TEST_P(decode_of, sequences_of_any_length_agrees_with_double_precision) {
  agrees_with_double_precision<kv::default_policies>();
}

TEST_P(decode_of, sequences_in_persistent_tables_agrees_with_double_precision) {
  agrees_with_double_precision<in_trees>();
}

std::string name_of(const testing::TestParamInfo<decode_of::ParamType>& info) {
  const auto [kv_heads, type, order] = info.param;
  const char* sharing = kv_heads == 1 ? "multi_query" : kv_heads == 2 ? "grouped" : "multi_head";
  return std::string{sharing} + (type == dtype::f16 ? "_f16" : "_f32") +
         (order == token_order::head_major ? "_head_major" : "_token_major");
}

INSTANTIATE_TEST_SUITE_P(
    each, decode_of,
    testing::Combine(testing::Values(1U, 2U, 4U), testing::Values(dtype::f16, dtype::f32),
                     testing::Values(token_order::head_major, token_order::token_major)),
    name_of);

TEST(decode, forks_read_the_pages_they_share_and_the_ones_they_do_not) {
  kv::paged_cache<in_trees> cache{config_of(2, dtype::f16, token_order::head_major)};
  filled_batch batch{cache, dtype::f16};
  const auto draw = normal_numbers();
  const auto root = batch.create();
  batch.grow(root, 18, draw);  // ends inside a page
  const auto same = batch.fork(root);
  const auto longer = batch.fork(root);
  batch.grow(longer, 9, draw);
  const auto grandchild = batch.fork(longer);
  batch.grow(grandchild, 1, draw);
  batch.grow(root, 2, draw);
  ASSERT_LT(cache.statistics().used_pages, cache.statistics().table_pages);
  ASSERT_EQ(batch.sequences()[same].length(), 18U);
  expect_accurate(cache, batch, dtype::f16);
}

TEST(decode, very_large_logits_neither_overflow_nor_lose_the_winner) {
  kv::paged_cache<> cache{config_of(2, dtype::f32, token_order::token_major)};
  filled_batch batch{cache, dtype::f32};
  batch.grow(batch.create(), 23, normal_numbers());
  batch.grow(batch.create(), 1, normal_numbers(3));
  expect_accurate(cache, batch, dtype::f32, 1e30F);
}

TEST(decode, a_sequence_without_tokens_attends_to_nothing) {
  kv::paged_cache<> cache{config_of(2, dtype::f32, token_order::head_major)};
  filled_batch batch{cache, dtype::f32};
  batch.create();
  const exported_table table{batch.sequences(), per_page, false};
  EXPECT_THAT(decode_layer(cache, table, dtype::f32, 0, make_queries(1)), Each(0));
}

TEST(decode, results_do_not_depend_on_the_number_of_threads) {
  // More workers than there may be processors, so that threads do interleave.
  const tbb::global_control workers{tbb::global_control::max_allowed_parallelism, 8};
  kv::paged_cache<> cache{config_of(4, dtype::f16, token_order::head_major)};
  filled_batch batch{cache, dtype::f16};
  const auto draw = normal_numbers();
  for (std::size_t length = 1; length <= 12; ++length) batch.grow(batch.create(), length, draw);
  const exported_table table{batch.sequences(), per_page, false};
  const auto queries = make_queries(batch.size());
  const auto with_threads = [&](int threads) {
    return tbb::task_arena{threads}.execute(
        [&] { return decode_layer(cache, table, dtype::f16, 1, queries); });
  };
  const auto alone = with_threads(1);
  for (int round = 0; round < 20; ++round) {
    for (const int threads : {2, 3, 8}) ASSERT_EQ(with_threads(threads), alone) << threads;
  }
}

TEST(decode, a_step_that_makes_no_sense_is_refused_with_the_reason) {
  kv::paged_cache<> cache{config_of(2, dtype::f16, token_order::head_major)};
  filled_batch batch{cache, dtype::f16};
  batch.grow(batch.create(), 5, normal_numbers());
  const exported_table table{batch.sequences(), per_page, false};
  const auto queries = make_queries(1);
  std::vector<float> output(queries.size());
  const decode_step good{.rows = table.rows,
                         .pages = cache.page_array(),
                         .type = dtype::f16,
                         .layer = 0,
                         .query_heads = query_heads,
                         .queries = queries};
  EXPECT_NO_THROW(decode(good, output));

  const auto refusal = [&](auto change) -> std::string {
    auto step = good;
    change(step);
    try {
      decode(step, output);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  const paged_row too_long{table.rows[0].pages, 9};
  EXPECT_THAT(refusal([](auto& step) { step.type = dtype::bf16; }), HasSubstr("f32 or f16"));
  EXPECT_THAT(refusal([](auto& step) { step.type = dtype::f32; }), HasSubstr("bits_per_element"));
  EXPECT_THAT(refusal([](auto& step) { step.layer = layers; }), HasSubstr("no such layer"));
  EXPECT_THAT(refusal([](auto& step) { step.query_heads = 3; }), HasSubstr("multiple of kv_heads"));
  EXPECT_THAT(refusal([](auto& step) { step.query_heads = 0; }), HasSubstr("multiple of kv_heads"));
  EXPECT_THAT(refusal([](auto& step) { step.queries = step.queries.first(1); }),
              HasSubstr("queries must be"));
  EXPECT_THAT(refusal([&](auto& step) {
                step.rows = {&too_long, 1};
              }),
              HasSubstr("longer than its pages"));
  output.pop_back();
  EXPECT_THAT(refusal([](auto& /*step*/) {}), HasSubstr("output must be"));
}

TEST(decode, latent_and_scaled_caches_are_refused) {
  for (const auto& shape :
       {kv::model::latent(1, 8, 4, dtype::f16),
        kv::model::with_scales(kv::model::grouped_query(1, 2, 8, dtype::f16), 4)}) {
    kv::paged_cache<> cache{{.shape = shape, .pages = 1}};
    const decode_step step{.rows = {},
                           .pages = cache.page_array(),
                           .type = dtype::f16,
                           .query_heads = query_heads,
                           .queries = {}};
    EXPECT_THROW(decode(step, {}), std::invalid_argument);
  }
}

}  // namespace
}  // namespace attention
