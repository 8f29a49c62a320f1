// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <tbb/task_arena.h>

#include <kvfolio/kvfolio.hpp>

#include <attention/decode.hpp>
#include <attention/filled_batch.hpp>
#include <attention/reference.hpp>

namespace attention {

/// What to decode, and how often.
struct job {
  std::uint32_t sequences = 8;
  std::uint32_t tokens = 1'024;  ///< of the longest sequence
  std::uint32_t layers = 2;
  std::uint32_t query_heads = 32;
  std::uint32_t kv_heads = 8;
  std::uint32_t head_dim = 128;
  kv::dtype type = kv::dtype::f16;
  kv::model::token_order order = kv::model::token_order::head_major;
  std::uint32_t tokens_per_page = 16;
  bool persistent = false;  ///< page tables are trees, not arrays
  bool padded = false;      ///< they are exported padded, not in compressed rows
  int threads = 0;          ///< 0: as many as there are processors
  std::uint32_t repetitions = 5;
  std::uint32_t seed = 1;
};

/// What came of it.
struct outcome {
  std::size_t tokens = 0;              ///< of all sequences
  std::size_t table_pages = 0;         ///< of all page tables
  std::size_t pages = 0;               ///< of those, different ones: the rest is shared
  std::size_t bytes = 0;               ///< of KV that a step reads
  int threads = 0;                     ///< that decoded
  double seconds = 0;                  ///< of a step, all layers: the median
  deviation error{};                   ///< of all sequences, heads and layers
  std::vector<std::size_t> lengths{};  ///< by sequence
  std::vector<double> errors{};        ///< by sequence: relative RMS, in the worst layer
};

/// Sequences of growing length, every second of which is a fork of the one before it.
template <class Cache>
[[nodiscard]] filled_batch<Cache> make_batch(Cache& cache, const job& job,
                                             const typename filled_batch<Cache>::source& draw) {
  filled_batch<Cache> batch{cache, job.type};
  for (std::uint32_t i = 0; i < job.sequences; ++i) {
    const auto number = i % 2 == 0 ? batch.create() : batch.fork(i - 1);
    const auto length = std::size_t{job.tokens} * (i + 1) / job.sequences;
    batch.grow(number, length - batch.sequences()[number].length(), draw);
  }
  return batch;
}

/// Compares a layer's `output` with the reference, and remembers the worst.
template <class Batch>
void verify(const Batch& batch, const job& job, const kv::model::cache_shape& shape,
            std::uint32_t layer, std::span<const float> queries, std::span<const float> output,
            outcome& seen) {
  const auto width = std::size_t{job.query_heads} * job.head_dim;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto expected =
        reference(batch.past(i), shape, layer, job.query_heads, queries.subspan(i * width, width));
    const auto error = compare(output.subspan(i * width, width), expected);
    seen.error.largest = worse(seen.error.largest, error.largest);
    seen.error.relative_rms = worse(seen.error.relative_rms, error.relative_rms);
    seen.errors[i] = worse(seen.errors[i], error.relative_rms);
  }
}

/// Decodes one step of `job` again and again, in a cache with these policies.
/// \throws std::invalid_argument or std::bad_alloc if there can be no such cache
template <class Policies>
[[nodiscard]] outcome run_with(const job& job) {
  const auto shape = kv::model::grouped_query(job.layers, job.kv_heads, job.head_dim, job.type);
  const auto most_pages = kv::ceil_div(job.tokens, job.tokens_per_page) + 1;
  kv::paged_cache<Policies> cache{{.shape = shape,
                                   .tokens_per_page = job.tokens_per_page,
                                   .pages = most_pages * job.sequences,
                                   .max_sequences = job.sequences,
                                   .max_tokens = job.tokens,
                                   .order = job.order}};
  std::mt19937 rng{job.seed};
  std::normal_distribution<float> normal;
  const auto draw = [&] { return normal(rng); };
  const auto batch = make_batch(cache, job, draw);
  const exported_table table{batch.sequences(), job.tokens_per_page, job.padded};

  std::vector<float> queries(std::size_t{job.sequences} * job.query_heads * job.head_dim);
  std::generate(queries.begin(), queries.end(), draw);
  std::vector<std::vector<float>> outputs(job.layers, std::vector<float>(queries.size()));
  tbb::task_arena arena{job.threads == 0 ? tbb::task_arena::automatic : job.threads};
  std::vector<double> seconds;
  for (std::uint32_t i = 0; i < job.repetitions; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t layer = 0; layer < job.layers; ++layer) {
      arena.execute([&] {
        decode({.rows = table.rows,
                .pages = cache.page_array(),
                .type = job.type,
                .layer = layer,
                .query_heads = job.query_heads,
                .queries = queries},
               outputs[layer]);
      });
    }
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());

  const auto now = cache.statistics();
  outcome seen{.tokens = now.tokens,
               .table_pages = now.table_pages,
               .pages = now.used_pages,
               .bytes = now.tokens * shape.bytes_per_token(),
               .threads = arena.max_concurrency(),
               .seconds = seconds[seconds.size() / 2]};
  for (const auto& each : batch.sequences()) seen.lengths.push_back(each.length());
  seen.errors.resize(batch.size());
  for (std::uint32_t layer = 0; layer < job.layers; ++layer) {
    verify(batch, job, shape, layer, queries, outputs[layer], seen);
  }
  return seen;
}

/// A cache whose page tables are trees.
struct tree_policies : kv::default_policies {
  using page_table = kv::table::persistent;
};

/// Decodes one step of `job` again and again. \throws as `run_with`
[[nodiscard]] inline outcome run(const job& job) {
  return job.persistent ? run_with<tree_policies>(job) : run_with<kv::default_policies>(job);
}

}  // namespace attention
