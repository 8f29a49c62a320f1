// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <attention/geometry.hpp>
#include <attention/kernels.hpp>
#include <attention/layout.hpp>
#include <attention/partial.hpp>
#include <attention/tile.hpp>
#include <attention/workspace.hpp>

namespace attention {

/// A few queries for each of some KV heads, on their way over tokens that are read once, as fast as
/// memory can.
class stream {
 public:
  /// For `queries` queries for each of `heads` KV heads.
  stream(workspace& memory, const kernels& all, const geometry& shape, std::uint32_t heads,
         std::size_t queries)
      : all_{&all},
        shape_{&shape},
        key_dim_{padded(shape.key_dim)},
        value_dim_{padded(shape.value_dim)},
        heads_{heads},
        queries_of_head_{queries},
        queries_{memory.take_zeros(heads * queries * key_dim_)} {
    while (largest_ > 1 && stream_of(largest_) == nullptr) largest_ /= 2;
    for (auto left = queries; left != 0; left -= step_width(left)) ++pieces_;
    state_stride_ = padded(all.stream_state(largest_, value_dim_));
    state_ = memory.take_zeros(heads * pieces_ * state_stride_);
    for (std::size_t piece = 0; piece < heads * pieces_; ++piece) {
      std::fill_n(state_ + piece * state_stride_, all.lanes, -std::numeric_limits<float>::max());
    }
    if (key_dim_ != shape.key_dim || value_dim_ != shape.value_dim) {
      keys_ = memory.take(kernels::stream_tokens * key_dim_);
      values_ = memory.take_zeros(kernels::stream_tokens * value_dim_);
    }
  }

  /// Puts a query, `[key_dim]`, into place `number` of KV head `head`, counted from the first.
  void set(std::uint32_t head, std::size_t number, const float* query) noexcept {
    auto* const to = queries_ + (head * queries_of_head_ + number) * key_dim_;
    const auto factor = shape_->query_factor();
    for (std::size_t i = 0; i < shape_->key_dim; ++i) to[i] = query[i] * factor;
  }

  /// Attends to tokens `[begin, end)` of sequence `row`, with KV heads from `first_head` on: what
  /// lies together is read in one go, and what comes next is prefetched meanwhile.
  template <layout Layout>
  void attend(const Layout& from, std::size_t row, std::uint32_t first_head, std::size_t begin,
              std::size_t end) {
    path<Layout> ahead{from, *this, row, first_head, begin, end};
    const std::size_t distance = from.heads_together() ? heads_ : steps_ahead;
    std::vector<place> known(distance + 1);  // the next steps, as a ring
    std::size_t planned = 0;
    const auto plan = [&] {
      const bool more = ahead.next(known[planned % known.size()]);
      planned += more ? 1 : 0;
    };
    while (planned < distance && begin < end) {
      const auto before = planned;
      plan();
      if (planned == before) break;
    }
    for (std::size_t done = 0; done < planned; ++done) {
      plan();
      step(known[done % known.size()], known[(planned - 1) % known.size()]);
    }
  }

  /// Copies what place `number` of KV head `head` has come to: `sums` to `[value_dim]`. Returns it
  /// as part of the whole.
  partial result(std::uint32_t head, std::size_t number, float* sums) const noexcept {
    std::size_t piece = 0;
    auto left = queries_of_head_;
    while (number >= step_width(left)) {
      number -= step_width(left);
      left -= step_width(left);
      ++piece;
    }
    const auto width = step_width(left);
    const auto together = all_->lanes / width;
    const auto* const state = state_ + (head * pieces_ + piece) * state_stride_;
    partial seen{state[number * together], 0, sums};
    for (std::size_t i = 0; i < together; ++i) {
      seen.total += state[all_->lanes + number * together + i];
    }
    std::copy_n(state + 2 * all_->lanes + number * value_dim_, shape_->value_dim, sums);
    return seen;
  }

 private:
  using kernel = void (*)(const stream_step&);
  [[nodiscard]] kernel stream_of(std::size_t heads, bool converted = false) const noexcept {
    const auto number = static_cast<std::size_t>(std::countr_zero(heads));
    return all_->stream[converted ? 0 : kernel_row(shape_->type)][number];
  }
  // Queries of the next step, if `left` have none yet.
  [[nodiscard]] std::size_t step_width(std::size_t left) const noexcept {
    return std::min(largest_, std::bit_floor(left));
  }
  [[nodiscard]] std::size_t bytes_of(std::size_t elements) const noexcept {
    return elements * kv::bits_of(shape_->type) / 8;
  }

  // What one step reads.
  struct place {
    std::uint32_t head = 0;
    token_run run{};
    const std::byte* keys = nullptr;  // as many bytes as it has keys, in one piece, that this step
    const std::byte* values = nullptr;  // has to see to, when it is looked ahead to; likewise
  };

  // The steps in order: the tokens that lie together, head by head; if the heads of a token do, all
  // heads of a few tokens.
  template <class Layout>
  class path {
   public:
    path(const Layout& from, const stream& of, std::size_t row, std::uint32_t first_head,
         std::size_t begin, std::size_t end)
        : from_{from},
          of_{of},
          row_{row},
          first_head_{first_head},
          begin_{begin},
          end_{end},
          by_token_{from.heads_together()},
          sweep_{by_token_ ? kernels::stream_tokens : from.sweep()} {
      if (begin_ < end_) enter();
    }

    // Puts the next step into `to`, if there is one.
    bool next(place& to) noexcept {
      if (left_.tokens == 0) {
        if (begin_ == end_) return false;
        if (++head_ == of_.heads_) {
          head_ = 0;
          begin_ += width_;
          if (begin_ == end_) return false;
        }
        enter();
      }
      to = {.head = head_, .run = left_};
      to.run.tokens = std::min(left_.tokens, kernels::stream_tokens);
      to.keys = left_.keys;
      to.values = left_.values;
      if (by_token_) {
        const auto before = head_ * to.run.tokens;  // shares of the heads before
        to.keys = first_.keys + before * of_.bytes_of(of_.shape_->key_dim);
        to.values = first_.values + before * of_.bytes_of(of_.shape_->value_dim);
      }
      left_ = left_.tokens == to.run.tokens ? token_run{} : left_.after(to.run.tokens);
      return true;
    }

   private:
    void enter() noexcept {
      left_ = from_.run(row_, first_head_ + head_, begin_);
      width_ = std::min({left_.tokens, end_ - begin_, sweep_});
      left_.tokens = width_;
      if (head_ == 0) first_ = left_;
    }

    const Layout& from_;
    const stream& of_;
    std::size_t row_;
    std::uint32_t first_head_;
    std::size_t begin_;
    std::size_t end_;
    bool by_token_;
    std::size_t sweep_;
    std::uint32_t head_ = 0;
    std::size_t width_ = 0;  // tokens from `begin_` that each head reads now
    token_run left_{};       // of them, for `head_`
    token_run first_{};      // for the first head
  };

  void step(const place& at, const place& ahead) noexcept {
    const bool converted = keys_ != nullptr;
    const auto head = at.head;
    auto now = at.run;
    const auto* next_key = ahead.keys;
    const auto* next_value = ahead.values;
    if (converted) {
      const bool latent = now.keys == now.values;
      all_->gather[kernel_row(shape_->type)](now, shape_->key_dim, keys_, key_dim_,
                                             shape_->value_dim, values_, value_dim_);
      now = {.keys = reinterpret_cast<const std::byte*>(keys_),
             .values = reinterpret_cast<const std::byte*>(latent ? keys_ : values_),
             .key_stride = key_dim_ * sizeof(float),
             .value_stride = (latent ? key_dim_ : value_dim_) * sizeof(float),
             .tokens = now.tokens};
      next_key = now.keys;
      next_value = now.values;
    }
    std::size_t first = 0;
    for (std::size_t piece = 0; piece < pieces_; ++piece) {
      const auto width = step_width(queries_of_head_ - first);
      stream_of(width,
                converted)({.run = now,
                            .queries = queries_ + (head * queries_of_head_ + first) * key_dim_,
                            .state = state_ + (head * pieces_ + piece) * state_stride_,
                            .next_key = next_key,
                            .next_value = next_value,
                            .key_dim = key_dim_,
                            .value_dim = value_dim_});
      first += width;
      next_key = now.keys;  // once is enough
      next_value = now.values;
    }
  }

  // Enough for what is asked to come from memory; what lies token by token, a block.
  static constexpr std::size_t steps_ahead = 1;

  const kernels* all_;
  const geometry* shape_;
  std::size_t key_dim_;           // padded
  std::size_t value_dim_;         // padded
  std::uint32_t heads_;           // KV heads
  std::size_t queries_of_head_;   // that share one
  std::size_t largest_ = 8;       // queries of a step
  std::size_t pieces_ = 0;        // steps for the queries of a head
  std::size_t state_stride_ = 0;  // floats from one piece to the next
  float* queries_;
  float* state_ = nullptr;
  float* keys_ = nullptr;    // converted, if dimensions are no multiples of a vector
  float* values_ = nullptr;  // likewise
};

}  // namespace attention
