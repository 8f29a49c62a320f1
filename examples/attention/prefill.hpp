// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>

#include <attention/geometry.hpp>
#include <attention/kernels.hpp>
#include <attention/layout.hpp>
#include <attention/partial.hpp>
#include <attention/tile.hpp>
#include <attention/workspace.hpp>

namespace attention {

/// One prefill step of one layer: queries for the newest tokens of each sequence, each of which
/// sees the tokens before it, cached earlier or new, and itself.
///
/// The queries are cut into tiles of as many tokens as make 96 rows with all heads of a group; the
/// tiles read the keys and values of their KV head once each, converted into a block of floats
/// that both products use. Tiles may run on any threads, and have nothing to merge.
template <layout Layout>
class prefill_step {
 public:
  /// Plans a step for the newest `fresh[row]` tokens of each row. `queries` are
  /// `[fresh tokens of all rows, query_heads, key_dim]`, `output` is the same of `value_dim`; both
  /// and what `from` views must outlive the step.
  /// \throws std::invalid_argument saying what is wrong, and what would be right
  prefill_step(const Layout& from, const geometry& shape, std::span<const std::size_t> fresh,
               std::span<const float> queries, std::span<float> output,
               const kernels& all = best_kernels())
      : from_{from}, shape_{shape}, queries_{queries}, output_{output}, all_{&all} {
    check(shape);
    from.check(shape);
    refuse_if(fresh.size() != from.rows(), "attention: every row needs its number of new tokens");
    const auto height = std::max<std::size_t>(1, tile_rows / shape.group());
    std::size_t first = 0;
    for (std::size_t row = 0; row < fresh.size(); ++row) {
      refuse_if(fresh[row] > from.length(row),
                "attention: a sequence has fewer tokens than are new in it");
      const auto cached = from.length(row) - fresh[row];
      for (std::size_t at = 0; at < fresh[row]; at += height) {
        const auto tokens = std::min(height, fresh[row] - at);
        for (std::uint32_t head = 0; head < shape.kv_heads; ++head) {
          parts_.push_back({row, head, first + at, cached + at, tokens});
        }
      }
      first += fresh[row];
    }
    const auto heads = first * shape.query_heads;
    refuse_if(queries.size() != heads * shape.key_dim,
              "attention: queries must be [new tokens, query_heads, key_dim]");
    refuse_if(output.size() != heads * shape.value_dim,
              "attention: output must be [new tokens, query_heads, value_dim]");
    // The longest first, so that none is left over in the end.
    std::stable_sort(parts_.begin(), parts_.end(), [](const part& one, const part& other) {
      return one.position > other.position;
    });
  }

  /// Number of parts.
  [[nodiscard]] std::size_t parts() const noexcept { return parts_.size(); }

  /// Does one part. Each is done once, on any thread.
  void run(std::size_t number) const {
    const auto& mine = parts_[number];
    const auto group = shape_.group();
    auto& memory = workspace::of_this_thread();
    tile queries{memory, *all_, shape_, mine.tokens * group};
    const auto place = [&](std::size_t row) {
      return (mine.query + row / group) * shape_.query_heads + std::size_t{mine.head} * group +
             row % group;
    };
    for (std::size_t row = 0; row < mine.tokens * group; ++row) {
      const auto position = mine.position + row / group;
      queries.set(row, queries_.data() + place(row) * shape_.key_dim);
      queries.show(row, shape_.window_begin(position), position + 1);
    }

    const auto end = mine.position + mine.tokens;  // what the last query sees
    const auto begin = shape_.window_begin(mine.position);
    const auto sinks = std::min<std::size_t>(shape_.sinks, begin);
    const auto attend = [&](std::size_t from, std::size_t to, bool masked) {
      if (from < to) queries.attend(from_, mine.row, mine.head, from, to, masked);
    };
    // Between the window's beginning for the last query and what the first sees, all see all.
    const auto all_see = shape_.window_begin(end - 1);
    const auto middle = std::clamp(all_see, begin, mine.position);
    const auto blocks = (mine.position - middle) / kernels::tile_tokens * kernels::tile_tokens;
    attend(0, sinks, true);
    attend(begin, middle, true);
    attend(middle, middle + blocks, false);
    attend(middle + blocks, end, true);

    auto* const sums = memory.take(shape_.value_dim);
    for (std::size_t row = 0; row < mine.tokens * group; ++row) {
      const auto seen = queries.result(row, sums);
      merge({&seen, 1}, output_.subspan(place(row) * shape_.value_dim, shape_.value_dim));
    }
  }

 private:
  static constexpr std::size_t tile_rows = 96;

  struct part {
    std::size_t row;
    std::uint32_t head;    // KV head
    std::size_t query;     // the first one's number among all new tokens
    std::size_t position;  // the first one's in its sequence
    std::size_t tokens;    // whose queries these are
  };

  Layout from_;
  geometry shape_;
  std::span<const float> queries_;
  std::span<float> output_;
  const kernels* all_;
  std::vector<part> parts_;
};

/// Writes the attention of every new token, as `prefill_step` says, in parallel on oneTBB.
/// \throws what `prefill_step` throws
template <layout Layout>
void prefill(const Layout& from, const geometry& shape, std::span<const std::size_t> fresh,
             std::span<const float> queries, std::span<float> output,
             const kernels& all = best_kernels()) {
  const prefill_step step{from, shape, fresh, queries, output, all};
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>{0, step.parts()},
      [&](const tbb::blocked_range<std::size_t>& some) {
        for (auto part = some.begin(); part != some.end(); ++part) step.run(part);
      },
      tbb::simple_partitioner{});
}

}  // namespace attention
