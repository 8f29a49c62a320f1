// SPDX-License-Identifier: Apache-2.0
#include "openblas.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include <cblas.h>

#include <tbb/blocked_range2d.h>
#include <tbb/parallel_for.h>

#include <attention/kernels.hpp>
#include <attention/workspace.hpp>

namespace attention::bench {
namespace {

constexpr std::size_t tile_tokens = 64;    // with queries
constexpr std::size_t block_tokens = 256;  // with keys

#if defined(__x86_64__) && defined(__GNUC__)
#define ATTENTION_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ATTENTION_CLONES
#endif

// One row of logits, a token's for all queries: weights, and their sums.
ATTENTION_CLONES void weigh(float* logits, const float* top, float* total, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) {
    const float value = logits[i] - top[i];
    const float rounded = value + 0x1.8p23F;
    const float rest = value - (rounded - 0x1.8p23F);
    float power = 1.339086336e-3F;
    power = power * rest + 9.676031918e-3F;
    power = power * rest + 5.550357114e-2F;
    power = power * rest + 2.402210749e-1F;
    power = power * rest + 6.931471880e-1F;
    power = power * rest + 1.000000075F;
    const auto shifted =
        std::bit_cast<std::uint32_t>(power) + (std::bit_cast<std::uint32_t>(rounded) << 23U);
    const float weight = value < -125.0F ? 0.0F : std::bit_cast<float>(shifted);
    logits[i] = weight;
    total[i] += weight;
  }
}
ATTENTION_CLONES void raise(const float* logits, float* top, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) top[i] = logits[i] > top[i] ? logits[i] : top[i];
}
ATTENTION_CLONES void scale(float* numbers, const float* factors, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) numbers[i] *= factors[i];
}

struct task {
  std::uint32_t head;
  std::size_t first;   // of the new tokens
  std::size_t tokens;  // of them
};

void run(const contiguous& from, const geometry& shape, std::size_t fresh, const task& mine,
         std::span<const float> queries, std::span<float> output) {
  auto& memory = workspace::of_this_thread();
  const auto& all = best_kernels();
  const auto group = shape.group();
  const auto rows = mine.tokens * group;
  const auto place = [&](std::size_t row) {
    return (mine.first + row / group) * shape.query_heads + mine.head * group + row % group;
  };
  auto* const stacked = memory.take(rows * shape.key_dim);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < shape.key_dim; ++i) {
      stacked[row * shape.key_dim + i] =
          queries[place(row) * shape.key_dim + i] * shape.query_factor();
    }
  }
  auto* const keys = memory.take(block_tokens * shape.key_dim);
  auto* const values = memory.take(block_tokens * shape.value_dim);
  auto* const logits = memory.take(block_tokens * rows);
  auto* const top = memory.take(rows);
  auto* const before = memory.take(rows);
  auto* const total = memory.take_zeros(rows);
  auto* const sums = memory.take_zeros(shape.value_dim * rows);
  std::fill_n(top, rows, -std::numeric_limits<float>::max());

  const auto position = from.length(0) - fresh + mine.first;
  const auto end = position + mine.tokens;
  const auto blas = [](std::size_t number) { return static_cast<int>(number); };
  for (std::size_t begin = 0; begin < end; begin += block_tokens) {
    const auto tokens = std::min(block_tokens, end - begin);
    auto part = from.run(0, mine.head, begin);
    part.tokens = tokens;
    all.gather[kernel_row(shape.type)](part, shape.key_dim, keys, shape.key_dim, shape.value_dim,
                                       values, shape.value_dim);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, blas(tokens), blas(rows),
                blas(shape.key_dim), 1, keys, blas(shape.key_dim), stacked, blas(shape.key_dim), 0,
                logits, blas(rows));
    for (std::size_t i = 0; i < tokens; ++i) {
      const auto hidden = begin + i > position ? (begin + i - position) * group : 0;
      std::fill_n(logits + i * rows, std::min(hidden, rows),
                  -std::numeric_limits<float>::infinity());
    }
    std::copy_n(top, rows, before);
    for (std::size_t i = 0; i < tokens; ++i) raise(logits + i * rows, top, rows);
    auto* const none = memory.take_zeros(rows);
    weigh(before, top, none, rows);  // by how much what was summed shrinks
    scale(total, before, rows);
    for (std::size_t i = 0; i < shape.value_dim; ++i) scale(sums + i * rows, before, rows);
    for (std::size_t i = 0; i < tokens; ++i) weigh(logits + i * rows, top, total, rows);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, blas(shape.value_dim), blas(rows),
                blas(tokens), 1, values, blas(shape.value_dim), logits, blas(rows), 1, sums,
                blas(rows));
  }
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < shape.value_dim; ++i) {
      output[place(row) * shape.value_dim + i] = sums[i * rows + row] / total[row];
    }
  }
}

}  // namespace

void openblas_prefill(const contiguous& from, const geometry& shape, std::size_t fresh,
                      std::span<const float> queries, std::span<float> output) {
  openblas_set_num_threads(1);
  using range = tbb::blocked_range2d<std::size_t, std::uint32_t>;
  const auto tiles = kv::ceil_div(fresh, tile_tokens);
  tbb::parallel_for(range{0, tiles, 1, 0, shape.kv_heads, 1}, [&](const range& part) {
    for (auto tile = part.rows().begin(); tile != part.rows().end(); ++tile) {
      for (auto head = part.cols().begin(); head != part.cols().end(); ++head) {
        const auto first = tile * tile_tokens;
        run(from, shape, fresh, {head, first, std::min(tile_tokens, fresh - first)}, queries,
            output);
      }
    }
  });
}

}  // namespace attention::bench
