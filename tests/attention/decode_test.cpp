// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
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

#include <kvfolio/paged_cache.hpp>
#include <kvfolio/table/persistent.hpp>

#include "plain_batch.hpp"
#include <attention/decode.hpp>
#include <attention/filled_batch.hpp>
#include <attention/reference.hpp>

namespace attention {
namespace {

using kv::dtype;
using kv::model::token_order;
using testing::Each;
using testing::ElementsAreArray;
using testing::HasSubstr;

constexpr double allowed_error = 1e-6;

/// Compares every row of `output` with double precision.
void expect_accurate(const geometry& shape, const history_layer& of,
                     const std::function<const history&(std::size_t)>& past,
                     std::span<const std::size_t> lengths, std::span<const float> queries,
                     std::span<const float> output) {
  const auto width = std::size_t{shape.query_heads} * shape.key_dim;
  const auto out_width = std::size_t{shape.query_heads} * shape.value_dim;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const auto expected =
        reference(past(i), shape, of, lengths[i] - 1, queries.subspan(i * width, width));
    const auto error = compare(output.subspan(i * out_width, out_width), expected);
    EXPECT_LE(error.relative_rms, allowed_error)
        << "sequence " << i << " of " << lengths[i] << " tokens";
  }
}

/// A paged cache of one shape, sequences of many lengths, and a query for each of their heads.
struct paged_world {
  static constexpr std::uint32_t layers = 2;

  paged_world(const kv::model::cache_shape& shape, dtype type, std::uint32_t tokens_per_page,
              token_order order, std::vector<std::size_t> with_lengths)
      : lengths{std::move(with_lengths)},
        cache{{.shape = shape,
               .tokens_per_page = tokens_per_page,
               .pages = 256,
               .max_sequences = 16,
               .order = order}},
        batch{cache, type} {
    for (const auto length : lengths) batch.grow(batch.create(), length, normal);
  }

  void expect_accurate_decode(const geometry& shape, const kernels& all,
                              std::span<const shared_prefix> prefixes = {}) {
    const exported_table table{batch.sequences(), cache.tokens_per_page(), false};
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
      const auto queries =
          random_numbers(lengths.size() * shape.query_heads * shape.key_dim, layer + 7);
      std::vector<float> output(lengths.size() * shape.query_heads * shape.value_dim, -1);
      decode(paged{table.rows, cache.page_array(), layer}, shape, queries, output, prefixes, all);
      expect_accurate(
          shape, {layers, layer}, [&](std::size_t i) -> const history& { return batch.past(i); },
          lengths, queries, output);
    }
  }

  std::function<float()> normal = normal_numbers(1);
  std::vector<std::size_t> lengths;
  kv::paged_cache<> cache;
  filled_batch<kv::paged_cache<>> batch;
};

const std::vector<std::size_t> many_lengths{1, 15, 16, 17, 100, 333};

class each_target : public testing::TestWithParam<const kernels*> {};
INSTANTIATE_TEST_SUITE_P(decode, each_target, testing::ValuesIn(supported_kernels()),
                         [](const auto& each) { return each.param->name; });

TEST_P(each_target, reads_every_element_type_in_either_token_order) {
  for (const auto type : {dtype::f32, dtype::f16, dtype::bf16, dtype::i8}) {
    for (const auto order : {token_order::head_major, token_order::token_major}) {
      SCOPED_TRACE(testing::Message()
                   << "type " << static_cast<int>(type) << ", order " << static_cast<int>(order));
      auto shape = kv::model::grouped_query(2, 2, 64, type);
      if (type == dtype::i8) shape.scale_bytes = 4;
      paged_world world{shape, type, 16, order, many_lengths};
      world.expect_accurate_decode(geometry_of(shape, type, 8), *GetParam());
    }
  }
}

TEST_P(each_target, shares_each_key_between_any_number_of_heads) {
  for (const std::uint32_t group : {1U, 2U, 3U, 7U, 8U, 11U, 16U, 40U}) {
    SCOPED_TRACE(group);
    const auto shape = kv::model::grouped_query(2, 2, 32, dtype::f16);
    paged_world world{shape, dtype::f16, 8, token_order::head_major, {33, 5}};
    world.expect_accurate_decode(geometry_of(shape, dtype::f16, 2 * group), *GetParam());
  }
}

TEST_P(each_target, copes_with_dimensions_that_are_no_multiple_of_a_vector) {
  for (const std::uint32_t dim : {1U, 12U, 40U, 80U}) {
    for (const std::uint32_t group : {3U, 20U}) {
      SCOPED_TRACE(testing::Message() << dim << " elements, group " << group);
      const auto shape = kv::model::grouped_query(2, 2, dim, dtype::f16);
      paged_world world{shape, dtype::f16, 4, token_order::token_major, {1, 30}};
      world.expect_accurate_decode(geometry_of(shape, dtype::f16, 2 * group), *GetParam());
    }
  }
}

TEST_P(each_target, reads_latents_once_as_keys_and_values) {
  for (const std::uint32_t heads : {2U, 16U, 20U}) {
    const auto cached = kv::model::latent(2, 64, 16, dtype::bf16);
    auto shape = geometry_of(cached, dtype::bf16, heads, 64);
    shape.scale = 0.14F;
    paged_world world{cached, dtype::bf16, 16, token_order::token_major, {1, 40, 200}};
    world.expect_accurate_decode(shape, *GetParam());
  }
}

TEST_P(each_target, sees_a_window_and_the_sinks_alone) {
  for (const std::uint32_t sinks : {0U, 4U, 50U}) {
    const auto cached = kv::model::grouped_query(2, 1, 16, dtype::f32);
    auto shape = geometry_of(cached, dtype::f32, 2);
    shape.window = 20;
    shape.sinks = sinks;
    paged_world world{cached, dtype::f32, 4, token_order::head_major, {1, 19, 20, 21, 60, 100}};
    world.expect_accurate_decode(shape, *GetParam());
  }
}

TEST_P(each_target, reads_plain_arrays_of_either_order) {
  for (const auto order : {token_order::head_major, token_order::token_major}) {
    const geometry shape{
        .type = dtype::f16, .query_heads = 8, .kv_heads = 2, .key_dim = 64, .value_dim = 32};
    const plain_batch batch{shape, order, many_lengths};
    const auto queries = random_numbers(many_lengths.size() * 8 * 64, 3);
    std::vector<float> output(many_lengths.size() * 8 * 32);
    decode(contiguous{batch.rows()}, shape, queries, output, {}, *GetParam());
    expect_accurate(
        shape, {}, [&](std::size_t i) -> const history& { return batch.past(i); }, many_lengths,
        queries, output);
  }
}

TEST_P(each_target, a_logit_that_towers_over_the_others_wins_and_does_not_overflow) {
  const geometry shape{.type = dtype::f32,
                       .query_heads = 1,
                       .kv_heads = 1,
                       .key_dim = 1,
                       .value_dim = 1,
                       .scale = 1};
  for (const std::size_t winner : {0U, 5U, 15U, 16U, 31U}) {
    std::vector<float> keys(32, 1e30F);
    std::vector<float> values(32);
    keys[winner] = 3e30F;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    const plain_row row{.first = {.keys = reinterpret_cast<const std::byte*>(keys.data()),
                                  .values = reinterpret_cast<const std::byte*>(values.data()),
                                  .key_stride = 4,
                                  .value_stride = 4,
                                  .tokens = 32}};
    float output = -1;
    for (const float query : {1.0F, 1e-30F}) {
      decode(contiguous{{&row, 1}}, shape, {&query, 1}, {&output, 1}, {}, *GetParam());
      if (query == 1) {
        EXPECT_EQ(output, static_cast<float>(winner));
      }
    }
    keys[3] = std::numeric_limits<float>::quiet_NaN();
    const float one = 1;
    decode(contiguous{{&row, 1}}, shape, {&one, 1}, {&output, 1}, {}, *GetParam());
    EXPECT_TRUE(std::isnan(output)) << "what is not a number must not be hidden";
  }
}

TEST_P(each_target, a_shared_prefix_is_read_for_all_who_share_it) {
  for (const std::uint32_t group : {1U, 4U}) {
    const auto shape = kv::model::grouped_query(2, 2, 32, dtype::f16);
    paged_world world{shape, dtype::f16, 16, token_order::head_major, {70, 9}};
    for (const std::size_t more : {1U, 20U, 33U}) {
      world.batch.grow(world.batch.fork(0), more, world.normal);
      world.lengths.push_back(70 + more);
    }
    // Rows 2 to 4 share what was row 0 when they were forked; rows 0 and 1 share nothing.
    const shared_prefix prefix{.first_row = 2, .rows = 3, .tokens = 70};
    world.expect_accurate_decode(geometry_of(shape, dtype::f16, 2 * group), *GetParam(),
                                 {&prefix, 1});
  }
}

TEST(decode, reads_pages_that_trees_and_padded_tables_name) {
  struct in_trees : kv::default_policies {
    using page_table = kv::table::persistent;
  };
  const auto stored = kv::model::grouped_query(1, 2, 16, dtype::f16);
  kv::paged_cache<in_trees> cache{
      {.shape = stored, .tokens_per_page = 4, .pages = 64, .max_sequences = 8}};
  filled_batch batch{cache, dtype::f16};
  const auto draw = normal_numbers(1);
  const auto root = batch.create();
  batch.grow(root, 18, draw);  // ends inside a page
  const auto longer = batch.fork(root);
  batch.grow(longer, 9, draw);
  batch.grow(batch.fork(longer), 1, draw);
  batch.grow(root, 2, draw);
  ASSERT_LT(cache.statistics().used_pages, cache.statistics().table_pages);
  const auto shape = geometry_of(stored, dtype::f16, 4);
  const auto queries = random_numbers(batch.size() * 4 * 16, 2);
  std::vector<std::size_t> lengths;
  for (const auto& each : batch.sequences()) lengths.push_back(each.length());
  for (const bool padded : {false, true}) {
    const exported_table table{batch.sequences(), 4, padded};
    std::vector<float> output(queries.size());
    decode(paged{table.rows, cache.page_array(), 0}, shape, queries, output);
    expect_accurate(
        shape, {}, [&](std::size_t i) -> const history& { return batch.past(i); }, lengths, queries,
        output);
  }
}

TEST(decode, a_sequence_without_tokens_attends_to_nothing) {
  const geometry shape{
      .type = dtype::f32, .query_heads = 2, .kv_heads = 1, .key_dim = 4, .value_dim = 4};
  const plain_row row{};
  const auto queries = random_numbers(8, 1);
  std::vector<float> output(8, -1);
  decode(contiguous{{&row, 1}}, shape, queries, output);
  EXPECT_THAT(output, Each(0));
}

TEST(decode, results_do_not_depend_on_the_number_of_threads) {
  // More workers than there may be processors, so that threads do interleave.
  const tbb::global_control workers{tbb::global_control::max_allowed_parallelism, 8};
  const geometry shape{
      .type = dtype::f16, .query_heads = 4, .kv_heads = 2, .key_dim = 64, .value_dim = 64};
  const std::vector<std::size_t> lengths{3'000, 70, 1};
  const plain_batch batch{shape, token_order::token_major, lengths};
  const auto queries = random_numbers(lengths.size() * 4 * 64, 2);
  const auto with_threads = [&](int threads) {
    std::vector<float> output(queries.size());
    tbb::task_arena{threads}.execute(
        [&] { decode(contiguous{batch.rows()}, shape, queries, output); });
    return output;
  };
  const auto alone = with_threads(1);
  for (int round = 0; round < 5; ++round) {
    for (const int threads : {2, 8}) ASSERT_EQ(with_threads(threads), alone) << threads;
  }
}

TEST(decode, a_step_that_makes_no_sense_is_refused_with_the_reason) {
  const auto stored = kv::model::grouped_query(1, 2, 16, dtype::f16);
  kv::paged_cache<> cache{{.shape = stored, .tokens_per_page = 4, .pages = 8, .max_sequences = 1}};
  filled_batch batch{cache, dtype::f16};
  batch.grow(batch.create(), 5, normal_numbers(1));
  const exported_table table{batch.sequences(), 4, false};
  const std::vector<float> queries(4 * 16);
  std::vector<float> output(queries.size());
  const auto refusal = [&](auto change) -> std::string {
    auto shape = geometry_of(stored, dtype::f16, 4);
    std::span<const float> given = queries;
    std::vector<paged_row> rows = table.rows;
    std::uint32_t layer = 0;
    std::vector<shared_prefix> prefixes;
    change(shape, given, rows, layer, prefixes);
    try {
      decode(paged{rows, cache.page_array(), layer}, shape, given, output, prefixes);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal([](auto&...) {}), "accepted");
  const auto of_shape = [&](auto change) {
    return refusal([&](geometry& shape, auto&...) { change(shape); });
  };
  EXPECT_THAT(of_shape([](auto& shape) { shape.type = dtype::f8; }), HasSubstr("f32, f16, bf16"));
  EXPECT_THAT(of_shape([](auto& shape) { shape.type = dtype::f32; }),
              HasSubstr("bits_per_element"));
  EXPECT_THAT(of_shape([](auto& shape) { shape.query_heads = 3; }), HasSubstr("multiple of kv"));
  EXPECT_THAT(of_shape([](auto& shape) { shape.query_heads = 0; }), HasSubstr("multiple of kv"));
  EXPECT_THAT(of_shape([](auto& shape) { shape.value_dim = 0; }), HasSubstr("at least 1"));
  EXPECT_THAT(of_shape([](auto& shape) { shape.value_dim = 8; }), HasSubstr("value_dim must"));
  EXPECT_THAT(of_shape([](auto& shape) { shape.kv_heads = 1; }), HasSubstr("must be the cache's"));
  EXPECT_THAT(of_shape([](auto& shape) { shape.sinks = 1; }), HasSubstr("besides a window"));
  EXPECT_THAT(of_shape([](auto& shape) { shape.query_heads = 8; }), HasSubstr("queries must be"));
  EXPECT_THAT(refusal([](auto&, auto&, auto&, auto& layer, auto&) { layer = 1; }),
              HasSubstr("no such layer"));
  EXPECT_THAT(refusal([](auto&, auto&, auto& rows, auto&...) { rows[0].length = 9; }),
              HasSubstr("longer than its pages"));
  const auto with_prefix = [&](shared_prefix prefix) {
    return refusal([&](auto&, auto&, auto&, auto&, auto& all) { all.push_back(prefix); });
  };
  EXPECT_THAT(with_prefix({0, 2, 4}), HasSubstr("at least one row"));
  EXPECT_THAT(with_prefix({0, 1, 6}), HasSubstr("shorter than the prefix"));
  output.pop_back();
  EXPECT_THAT(refusal([](auto&...) {}), HasSubstr("output must be"));
}

}  // namespace
}  // namespace attention
