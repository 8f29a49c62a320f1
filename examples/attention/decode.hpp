// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>

#include <attention/geometry.hpp>
#include <attention/kernels.hpp>
#include <attention/layout.hpp>
#include <attention/partial.hpp>
#include <attention/stream.hpp>
#include <attention/tile.hpp>
#include <attention/workspace.hpp>

namespace attention {

/// Neighbouring sequences of a batch that begin with the same tokens, which one of them stands for.
struct shared_prefix {
  std::size_t first_row = 0;  ///< its pages are read
  std::size_t rows = 0;       ///< at least 1
  std::size_t tokens = 0;     ///< at most the shortest one's
};

/// One decode step of one layer: a query for each sequence and query head, over all tokens of its
/// sequence, whose newest is its own.
///
/// The tokens are cut into parts (split-K), each of which reads some tokens for all KV heads, or
/// for one, if that is how they lie. Parts may run on any threads; whoever ends the last part of a
/// sequence merges them. How tokens are cut depends on the step alone, so results do not depend on
/// the number of threads.
///
/// A prefix that several sequences share is read once for all of them (Juravsky et al., "Hydragen",
/// 2024; "cascade inference" of FlashInfer, 2024), and latents (DeepSeek-V2, 2024) are read once
/// for all query heads, which makes both a matter of arithmetic: see `tile_step`.
template <layout Layout>
class decode_step {
 public:
  /// Plans a step. `queries` are `[rows, query_heads, key_dim]`, `output` is
  /// `[rows, query_heads, value_dim]`; both, `shape` and what `from` views must outlive the step.
  /// \throws std::invalid_argument saying what is wrong, and what would be right
  decode_step(const Layout& from, const geometry& shape, std::span<const float> queries,
              std::span<float> output, std::span<const shared_prefix> prefixes = {},
              const kernels& all = best_kernels())
      : from_{from},
        shape_{shape},
        queries_{queries},
        output_{output},
        all_{&all},
        rows_(from.rows()),
        left_(from.rows()) {
    check(shape);
    from.check(shape);
    const auto heads = from.rows() * shape.query_heads;
    refuse_if(queries.size() != heads * shape.key_dim,
              "attention: queries must be [rows, query_heads, key_dim]");
    refuse_if(output.size() != heads * shape.value_dim,
              "attention: output must be [rows, query_heads, value_dim]");
    plan(prefixes);
  }

  /// Number of parts.
  [[nodiscard]] std::size_t parts() const noexcept { return parts_.size(); }

  /// Does one part. Each is done once, on any thread.
  void run(std::size_t number) {
    const auto& mine = parts_[number];
    auto& memory = workspace::of_this_thread();
    if (is_tile(mine.rows)) {
      run_as_tile(mine, memory);
    } else {
      run_as_stream(mine, memory);
    }
    for (auto row = mine.first_row; row < mine.first_row + mine.rows; ++row) {
      if (left_[row].fetch_sub(1, std::memory_order_acq_rel) == 1) finish(row);
    }
  }

 private:
  static constexpr std::size_t most_parts = 32;          // of a step, but for short sequences
  static constexpr std::size_t least_bytes = 1U << 19U;  // of a part, so that it is worth a task
  static constexpr std::size_t cached_queries = 8;       // with their sums, 1 KiB each
  static constexpr std::size_t tile_queries = 12;        // that make arithmetic the limit

  struct part {
    std::size_t first_row;
    std::size_t rows;  // that share the tokens
    std::uint32_t first_head;
    std::uint32_t heads;
    std::size_t begin;
    std::size_t end;
    std::size_t slice;  // number among the slices of each of its rows
  };
  struct row_plan {
    std::size_t begin = 0;         // of its own tokens, behind what it shares
    std::size_t slices = 0;        // that its tokens are cut into
    std::size_t first_result = 0;  // of slices * query_heads
  };

  void plan(std::span<const shared_prefix> prefixes) {
    std::size_t tokens = 0;
    std::size_t next_row = 0;
    for (const auto& each : prefixes) {
      refuse_if(shape_.window != 0, "attention: a shared prefix and a window do not go together");
      refuse_if(
          each.rows == 0 || each.first_row < next_row || each.rows > from_.rows() - each.first_row,
          "attention: shared prefixes must be in order, of at least one row each, and apart");
      next_row = each.first_row + each.rows;
      for (auto row = each.first_row; row < next_row; ++row) {
        refuse_if(from_.length(row) < each.tokens,
                  "attention: a sequence is shorter than the prefix it shares");
        rows_[row].begin = each.tokens;
      }
      tokens += each.tokens;
    }
    for (std::size_t row = 0; row < from_.rows(); ++row) {
      for (const auto& [begin, end] : own_tokens(row)) tokens += end - begin;
    }
    // In tokens of one head.
    const auto token_bytes =
        std::size_t{shape_.key_dim + shape_.value_dim} * kv::bits_of(shape_.type) / 8;
    const auto wanted = std::max(kv::ceil_div(tokens * shape_.kv_heads, most_parts),
                                 kv::ceil_div(least_bytes, token_bytes));
    for (const auto& each : prefixes) cut(each.first_row, each.rows, 0, each.tokens, wanted);
    for (std::size_t row = 0; row < from_.rows(); ++row) {
      for (const auto& [begin, end] : own_tokens(row)) cut(row, 1, begin, end, wanted);
    }
    std::size_t results = 0;
    for (auto& row : rows_) {
      row.first_result = results;
      results += row.slices * shape_.query_heads;
    }
    results_.resize(results);
    sums_.resize(results * shape_.value_dim);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (left_[row] == 0) finish(row);
    }
  }

  using range = std::pair<std::size_t, std::size_t>;
  // What a row reads alone: its sinks, and the rest, or its window.
  [[nodiscard]] std::array<range, 2> own_tokens(std::size_t row) const noexcept {
    const auto length = from_.length(row);
    const auto begin = length == 0 ? 0 : shape_.window_begin(length - 1);
    const auto sinks = std::min<std::size_t>(shape_.sinks, begin);
    return {range{0, sinks}, range{std::max({begin, rows_[row].begin, sinks}), length}};
  }

  void cut(std::size_t first_row, std::size_t rows, std::size_t begin, std::size_t end,
           std::size_t wanted) {
    if (begin == end) return;
    const auto heads = heads_of_part(rows);
    const auto count = kv::ceil_div((end - begin) * heads, wanted);
    const auto unit = kernels::stream_tokens;
    const auto size = kv::ceil_div(kv::ceil_div(end - begin, count), unit) * unit;
    while (begin < end) {
      const auto last = begin + std::min(size, end - begin);
      for (std::uint32_t head = 0; head < shape_.kv_heads; head += heads) {
        parts_.push_back({first_row, rows, head, heads, begin, last, rows_[first_row].slices});
        for (auto row = first_row; row < first_row + rows; ++row) ++left_[row];
      }
      for (auto row = first_row; row < first_row + rows; ++row) ++rows_[row].slices;
      begin = last;
    }
  }

  // KV heads that a part of so many rows reads by turns: all, if a token's lie together; one, if
  // they lie apart or make tiles, which are better long than many; else as many as leave queries
  // and sums in the first-level cache.
  [[nodiscard]] std::uint32_t heads_of_part(std::size_t rows) const noexcept {
    if (is_tile(rows)) return 1;
    if (from_.heads_together()) return shape_.kv_heads;
    if (from_.sweep() == std::numeric_limits<std::size_t>::max()) return 1;
    auto heads = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(cached_queries / (rows * shape_.group()), 1, shape_.kv_heads));
    while (shape_.kv_heads % heads != 0) --heads;
    return heads;
  }
  // Do the queries of so many rows make a tile?
  [[nodiscard]] bool is_tile(std::size_t rows) const noexcept {
    return rows * shape_.group() >= tile_queries;
  }
  [[nodiscard]] const float* query(std::size_t row, std::size_t head) const noexcept {
    return queries_.data() + (row * shape_.query_heads + head) * shape_.key_dim;
  }
  [[nodiscard]] std::size_t result_of(std::size_t row, std::size_t slice,
                                      std::size_t head) const noexcept {
    return rows_[row].first_result + slice * shape_.query_heads + head;
  }
  [[nodiscard]] float* sums_of(std::size_t result) noexcept {
    return sums_.data() + result * shape_.value_dim;
  }

  // Calls `each(kv_head, number, row, query_head)` for the queries of a part.
  template <class Each>
  void for_each_query(const part& mine, std::uint32_t kv_head, Each each) {
    const auto group = shape_.group();
    for (std::size_t row = 0; row < mine.rows; ++row) {
      for (std::size_t i = 0; i < group; ++i) {
        each(row * group + i, mine.first_row + row,
             std::size_t{mine.first_head + kv_head} * group + i);
      }
    }
  }

  void run_as_stream(const part& mine, workspace& memory) {
    stream going{memory, *all_, shape_, mine.heads, mine.rows * shape_.group()};
    for (std::uint32_t i = 0; i < mine.heads; ++i) {
      for_each_query(mine, i, [&](std::size_t number, std::size_t row, std::size_t head) {
        going.set(i, number, query(row, head));
      });
    }
    going.attend(from_, mine.first_row, mine.first_head, mine.begin, mine.end);
    for (std::uint32_t i = 0; i < mine.heads; ++i) {
      for_each_query(mine, i, [&](std::size_t number, std::size_t row, std::size_t head) {
        const auto result = result_of(row, mine.slice, head);
        results_[result] = going.result(i, number, sums_of(result));
      });
    }
  }

  void run_as_tile(const part& mine, workspace& memory) {
    for (std::uint32_t i = 0; i < mine.heads; ++i) {
      tile queries{memory, *all_, shape_, mine.rows * shape_.group()};
      for_each_query(mine, i, [&](std::size_t number, std::size_t row, std::size_t head) {
        queries.set(number, query(row, head));
      });
      queries.attend(from_, mine.first_row, mine.first_head + i, mine.begin, mine.end, false);
      for_each_query(mine, i, [&](std::size_t number, std::size_t row, std::size_t head) {
        const auto result = result_of(row, mine.slice, head);
        results_[result] = queries.result(number, sums_of(result));
      });
    }
  }

  // Merges the slices of a row.
  void finish(std::size_t row) {
    std::vector<partial> slices(rows_[row].slices);
    for (std::size_t head = 0; head < shape_.query_heads; ++head) {
      for (std::size_t slice = 0; slice < slices.size(); ++slice) {
        slices[slice] = results_[result_of(row, slice, head)];
      }
      merge(slices, output_.subspan((row * shape_.query_heads + head) * shape_.value_dim,
                                    shape_.value_dim));
    }
  }

  Layout from_;
  geometry shape_;
  std::span<const float> queries_;
  std::span<float> output_;
  const kernels* all_;
  std::vector<row_plan> rows_;
  std::vector<part> parts_;
  std::vector<std::atomic<std::size_t>> left_;  // parts of each row
  std::vector<partial> results_;
  spare_numbers sums_;  // [result, value_dim]
};

/// Writes the attention of every query, as `decode_step` says, in parallel on oneTBB; zeros for a
/// sequence without tokens. \throws what `decode_step` throws
template <layout Layout>
void decode(const Layout& from, const geometry& shape, std::span<const float> queries,
            std::span<float> output, std::span<const shared_prefix> prefixes = {},
            const kernels& all = best_kernels()) {
  decode_step step{from, shape, queries, output, prefixes, all};
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>{0, step.parts()},
      [&](const tbb::blocked_range<std::size_t>& some) {
        for (auto part = some.begin(); part != some.end(); ++part) step.run(part);
      },
      tbb::simple_partitioner{});
}

}  // namespace attention
