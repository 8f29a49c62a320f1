// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <attention/geometry.hpp>
#include <attention/kernels.hpp>
#include <attention/layout.hpp>
#include <attention/partial.hpp>
#include <attention/workspace.hpp>

namespace attention {

/// Rounds up to what kernels want of rows and dimensions.
[[nodiscard]] constexpr std::size_t padded(std::size_t size) noexcept {
  return (size + kernels::alignment - 1) / kernels::alignment * kernels::alignment;
}

/// Some queries that share a KV head, transposed, on their way over blocks of tokens that they
/// read together.
class tile {
 public:
  /// For up to `queries` queries, none of which sees a token yet.
  tile(workspace& memory, const kernels& all, const geometry& shape, std::size_t queries)
      : all_{&all},
        shape_{&shape},
        rows_{padded(queries)},
        key_dim_{padded(shape.key_dim)},
        value_dim_{padded(shape.value_dim)},
        queries_{memory.take_zeros(rows_ * shape.key_dim)},
        state_{memory.take_zeros(rows_ * (2 + shape.value_dim))},
        scores_{memory.take(rows_ * kernels::tile_tokens)},
        keys_{memory.take(kernels::tile_tokens * key_dim_)},
        values_{memory.take(kernels::tile_tokens * value_dim_)},
        bounds_{memory.take_zeros(rows_ * 2)} {
    std::fill_n(state_, rows_, -std::numeric_limits<float>::max());
  }

  /// Puts a query, `[key_dim]`, into `row`.
  void set(std::size_t row, const float* query) noexcept {
    const auto factor = shape_->query_factor();
    for (std::size_t i = 0; i < shape_->key_dim; ++i) queries_[i * rows_ + row] = query[i] * factor;
  }
  /// Shows `row` the tokens from `from` and before `until`, and the sinks among the latter.
  void show(std::size_t row, std::size_t from, std::size_t until) noexcept {
    const auto put = [&](std::size_t at, std::size_t position) {
      const auto number = static_cast<std::int32_t>(position);
      __builtin_memcpy(bounds_ + at, &number, sizeof(number));
    };
    put(row, from);
    put(rows_ + row, until);
  }

  /// Attends to tokens `[begin, end)` of KV head `head` in sequence `row`: those that each query
  /// is shown, if `masked`, or else all of them.
  template <layout Layout>
  void attend(const Layout& from, std::size_t row, std::uint32_t head, std::size_t begin,
              std::size_t end, bool masked) noexcept {
    while (begin < end) {
      const auto tokens = std::min(end - begin, kernels::tile_tokens);
      const bool latent = gather(from, row, head, begin, tokens);
      visibility seen{reinterpret_cast<const std::int32_t*>(bounds_),
                      reinterpret_cast<const std::int32_t*>(bounds_) + rows_,
                      static_cast<std::int32_t>(shape_->sinks), static_cast<std::int32_t>(begin)};
      all_->tile({.keys = keys_,
                  .values = latent ? keys_ : values_,
                  .key_stride = key_dim_,
                  .value_stride = latent ? key_dim_ : value_dim_,
                  .tokens = tokens,
                  .rows = rows_,
                  .key_dim = shape_->key_dim,
                  .value_dim = shape_->value_dim,
                  .queries = queries_,
                  .scores = scores_,
                  .state = state_,
                  .visible = masked ? &seen : nullptr});
      begin += tokens;
    }
  }

  /// Copies what `row` has come to: `sums` to `[value_dim]`. Returns it as part of the whole.
  partial result(std::size_t row, float* sums) const noexcept {
    for (std::size_t i = 0; i < shape_->value_dim; ++i) sums[i] = state_[(2 + i) * rows_ + row];
    return {state_[row], state_[rows_ + row], sums};
  }

 private:
  // Is the value the beginning of the key?
  template <class Layout>
  bool gather(const Layout& from, std::size_t row, std::uint32_t head, std::size_t begin,
              std::size_t tokens) noexcept {
    bool latent = false;
    auto next = from.run(row, head, begin);
    for (std::size_t done = 0; done < tokens;) {
      auto run = next;
      run.tokens = std::min(run.tokens, tokens - done);
      latent = run.keys == run.values;
      if (done + run.tokens < tokens) {
        next = from.run(row, head, begin + done + run.tokens);
        prefetch(next, run.tokens);
      }
      all_->gather[kernel_row(shape_->type)](
          run, shape_->key_dim, keys_ + done * key_dim_, key_dim_, shape_->value_dim,
          latent ? nullptr : values_ + done * value_dim_, value_dim_);
      done += run.tokens;
    }
    return latent;
  }

  // Asks memory for the first `tokens` of `run`.
  void prefetch(const token_run& run, std::size_t tokens) const noexcept {
    const auto bytes = [this](std::size_t dim) { return dim * kv::bits_of(shape_->type) / 8; };
    for (std::size_t token = 0; token < std::min(tokens, run.tokens); ++token) {
      for (std::size_t at = 0; at < bytes(shape_->key_dim); at += 64) {
        __builtin_prefetch(run.keys + token * run.key_stride + at, 0, 2);
      }
      if (run.values == run.keys) continue;
      for (std::size_t at = 0; at < bytes(shape_->value_dim); at += 64) {
        __builtin_prefetch(run.values + token * run.value_stride + at, 0, 2);
      }
    }
  }

  const kernels* all_;
  const geometry* shape_;
  std::size_t rows_;       // padded
  std::size_t key_dim_;    // of a key, padded
  std::size_t value_dim_;  // padded
  float* queries_;         // [key_dim, rows]
  float* state_;           // [2 + value_dim, rows]
  float* scores_;
  float* keys_;
  float* values_;
  float* bounds_;  // [from, until][rows], integers
};

}  // namespace attention
