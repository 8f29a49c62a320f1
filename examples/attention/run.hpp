// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <tbb/task_arena.h>

#include <kvfolio/paged_cache.hpp>
#include <kvfolio/table/persistent.hpp>

#include <attention/decode.hpp>
#include <attention/filled_batch.hpp>
#include <attention/limits.hpp>
#include <attention/prefill.hpp>
#include <attention/reference.hpp>
#include <attention/requests.hpp>
#include <support/progress.hpp>

namespace attention {

/// What to attend to, and how often.
struct job {
  std::uint32_t sequences = 8;
  std::uint32_t tokens = 1'024;  ///< of the longest sequence
  std::uint32_t fresh = 1;       ///< newest tokens with queries: 1 decodes, more prefill
  std::uint32_t layers = 2;
  std::uint32_t query_heads = 32;
  std::uint32_t kv_heads = 8;
  std::uint32_t head_dim = 128;
  std::uint32_t latent_dim = 0;  ///< of a latent cache: what of `head_dim` is the value
  std::uint32_t window = 0;
  std::uint32_t sinks = 0;
  kv::dtype type = kv::dtype::f16;
  kv::model::token_order order = kv::model::token_order::head_major;
  std::uint32_t tokens_per_page = 16;
  bool persistent = false;  ///< page tables are trees, not arrays
  bool padded = false;      ///< they are exported padded, not in compressed rows
  int threads = 0;          ///< 0: as many as there are processors
  std::uint32_t repetitions = 5;
  std::uint32_t seed = 1;
  std::string trace;  ///< file of requests; none: sequences of growing length, in pairs

  /// What the cache keeps.
  [[nodiscard]] kv::model::cache_shape shape() const {
    if (latent_dim != 0) {
      return kv::model::latent(layers, latent_dim, head_dim - latent_dim, type);
    }
    const auto plain = kv::model::grouped_query(layers, kv_heads, head_dim, type);
    return type == kv::dtype::i8 ? kv::model::with_scales(plain, 2 * sizeof(half)) : plain;
  }
  /// What attention is.
  [[nodiscard]] geometry attends() const {
    auto made = geometry_of(shape(), type, query_heads, latent_dim);
    made.window = window;
    made.sinks = sinks;
    return made;
  }
};

/// What came of it.
struct outcome {
  std::size_t tokens = 0;              ///< of all sequences
  std::size_t table_pages = 0;         ///< of all page tables
  std::size_t pages = 0;               ///< of those, different ones: the rest is shared
  std::size_t queries = 0;             ///< tokens with queries, of a step
  std::size_t bytes = 0;               ///< of KV that a step needs
  int threads = 0;                     ///< that worked
  double seconds = 0;                  ///< of a step, all layers: the median
  double read_bandwidth = 0;           ///< bytes a second that the machine read: the median
  double fraction = 0;                 ///< of it that the steps reached: the median
  std::string kernels{};               ///< for which processor
  deviation error{};                   ///< of all sequences, heads and layers
  std::vector<std::size_t> lengths{};  ///< by sequence
  std::vector<double> errors{};        ///< by sequence: relative RMS, in the worst layer
};

/// Puts `requests` into sequences: forks of earlier ones, as far as they begin alike.
template <class Cache>
[[nodiscard]] filled_batch<Cache> make_batch(Cache& cache, kv::dtype type,
                                             std::span<const request> requests,
                                             const typename filled_batch<Cache>::source& draw) {
  filled_batch<Cache> batch{cache, type};
  support::progress line{"sequences filled", requests.size()};
  for (const auto& each : requests) {
    const auto number = each.shared == 0 ? batch.create() : batch.fork(each.parent, each.shared);
    batch.grow(number, each.tokens - each.shared, draw);
    line.at(batch.size());
  }
  return batch;
}

/// The median, of at least one.
[[nodiscard]] inline double median(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() / 2];
}

/// One step of all layers, and the numbers that it is about.
struct step_data {
  geometry shape;
  std::span<const std::size_t> fresh;       ///< newest tokens with queries, by row
  std::vector<float> queries;               ///< `[tokens, query_heads, key_dim]`
  std::vector<std::vector<float>> outputs;  ///< by layer: `[tokens, query_heads, value_dim]`
};

/// Attends in one layer, after the token that each sequence has now.
inline void attend(const paged& from, step_data& data, std::size_t layer) {
  const bool decodes =
      data.queries.size() == from.rows() * data.shape.query_heads * std::size_t{data.shape.key_dim};
  if (decodes) {
    decode(from, data.shape, data.queries, data.outputs[layer]);
  } else {
    prefill(from, data.shape, data.fresh, data.queries, data.outputs[layer]);
  }
}

/// Compares every output with the reference, and remembers the worst.
template <class Batch>
void verify(const Batch& batch, const step_data& data, std::uint32_t layers, outcome& seen) {
  const auto width = std::size_t{data.shape.query_heads} * data.shape.key_dim;
  const auto out_width = std::size_t{data.shape.query_heads} * data.shape.value_dim;
  support::progress line{"sequences checked", layers * batch.size()};
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const std::span<const float> output = data.outputs[layer];
    std::size_t token = 0;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      line.at(layer * batch.size() + row);
      for (std::size_t i = 0; i < data.fresh[row]; ++i, ++token) {
        const auto position = seen.lengths[row] - data.fresh[row] + i;
        const auto query = std::span{data.queries}.subspan(token * width, width);
        const auto expected =
            reference(batch.past(row), data.shape, {layers, layer}, position, query);
        const auto error = compare(output.subspan(token * out_width, out_width), expected);
        seen.error.largest = worse(seen.error.largest, error.largest);
        seen.error.relative_rms = worse(seen.error.relative_rms, error.relative_rms);
        seen.errors[row] = worse(seen.errors[row], error.relative_rms);
      }
    }
  }
}

/// Takes one step of `job` again and again, in a cache with these policies.
/// \throws std::invalid_argument or std::bad_alloc if there can be no such cache
template <class Policies>
[[nodiscard]] outcome run_with(const job& job, std::span<const request> requests) {
  const auto shape = job.shape();
  std::size_t pages = 0;
  for (const auto& each : requests)
    pages += kv::ceil_div<std::size_t>(each.tokens, job.tokens_per_page) + 1;
  kv::paged_cache<Policies> cache{{.shape = shape,
                                   .tokens_per_page = job.tokens_per_page,
                                   .pages = static_cast<std::uint32_t>(pages),
                                   .max_sequences = static_cast<std::uint32_t>(requests.size()),
                                   .max_tokens = job.tokens,
                                   .order = job.order}};
  std::mt19937 rng{job.seed};
  std::normal_distribution<float> normal;
  const auto draw = [&] { return normal(rng); };
  const auto batch = make_batch(cache, job.type, requests, draw);
  const exported_table table{batch.sequences(), job.tokens_per_page, job.padded};

  tbb::task_arena arena{job.threads == 0 ? tbb::task_arena::automatic : job.threads};
  const auto now = cache.statistics();
  outcome seen{.tokens = now.tokens,
               .table_pages = now.table_pages,
               .pages = now.used_pages,
               .threads = arena.max_concurrency(),
               .kernels = best_kernels().name};
  std::vector<std::size_t> fresh;
  for (const auto& each : batch.sequences()) {
    seen.lengths.push_back(each.length());
    fresh.push_back(std::min<std::size_t>(job.fresh, each.length()));
    seen.queries += fresh.back();
    const auto oldest = job.attends().window_begin(each.length() - fresh.back());
    const auto unseen = oldest - std::min<std::size_t>(job.sinks, oldest);
    seen.bytes += (each.length() - unseen) * shape.bytes_per_token();
  }
  seen.errors.resize(batch.size());
  step_data data{.shape = job.attends(), .fresh = fresh, .queries = {}, .outputs = {}};
  data.queries.resize(seen.queries * job.query_heads * data.shape.key_dim);
  std::generate(data.queries.begin(), data.queries.end(), draw);
  data.outputs.resize(job.layers);
  for (auto& each : data.outputs) {
    each.resize(seen.queries * job.query_heads * data.shape.value_dim);
  }

  limits machine;
  std::vector<double> seconds;
  std::vector<double> read;
  std::vector<double> fractions;
  support::progress line{"steps", job.repetitions};
  arena.execute([&] {
    for (std::uint32_t i = 0; i < job.repetitions; ++i) {
      const auto before = machine.read_bandwidth();
      const auto begin = std::chrono::steady_clock::now();
      for (std::uint32_t layer = 0; layer < job.layers; ++layer) {
        attend(paged{table.rows, cache.page_array(), layer}, data, layer);
      }
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      seconds.push_back(took.count());
      read.push_back((before + machine.read_bandwidth()) / 2);
      fractions.push_back(static_cast<double>(seen.bytes) / seconds.back() / read.back());
      line.at(i);
    }
  });
  seen.seconds = median(seconds);
  seen.read_bandwidth = median(read);
  seen.fraction = median(fractions);
  verify(batch, data, job.layers, seen);
  return seen;
}

/// A cache whose page tables are trees.
struct tree_policies : kv::default_policies {
  using page_table = kv::table::persistent;
};

/// Takes one step of `job` again and again, for `requests`. \throws as `run_with`
[[nodiscard]] inline outcome run(const job& job, std::span<const request> requests) {
  return job.persistent ? run_with<tree_policies>(job, requests)
                        : run_with<kv::default_policies>(job, requests);
}

}  // namespace attention
