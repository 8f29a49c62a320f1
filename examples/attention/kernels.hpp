// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/model/dtype.hpp>

#include <attention/token_run.hpp>

namespace attention {

namespace kv = kvfolio;

/// One step of a stream kernel: a few queries that share a KV head meet a few tokens. For decoding,
/// which reads every key and value once, and lives by how fast they come.
struct stream_step {
  token_run run;                ///< of at most `kernels::stream_tokens` tokens
  const float* queries;         ///< `[heads, key_dim]`, scaled by log2(e) and all else
  float* state;                 ///< `kernels::stream_state(heads, value_dim)` floats
  const std::byte* next_key;    ///< as many bytes from here are wanted next; any address will do
  const std::byte* next_value;  ///< likewise
  std::size_t key_dim;          ///< a multiple of `kernels::alignment`, here and below
  std::size_t value_dim;
};

/// Which queries of a tile see which tokens: those from `from` on and before `until`, and the first
/// `sinks` of the sequence, but none from `until` on.
struct visibility {
  const std::int32_t* from;   ///< by row
  const std::int32_t* until;  ///< by row
  std::int32_t sinks = 0;     ///< tokens
  std::int32_t first = 0;     ///< position of the first token of this step
};

/// One step of the tile kernel: many queries that share a KV head meet many tokens. For prefill,
/// latents and shared prefixes, which use every key and value often, and live by arithmetic.
struct tile_step {
  const float* keys;    ///< `[tokens, key_stride]`
  const float* values;  ///< `[tokens, value_stride]`
  std::size_t key_stride;
  std::size_t value_stride;
  std::size_t tokens;         ///< at most `kernels::tile_tokens`
  std::size_t rows;           ///< queries, a multiple of `kernels::alignment`
  std::size_t key_dim;        ///< any
  std::size_t value_dim;      ///< any
  const float* queries;       ///< `[key_dim, rows]`, scaled by log2(e) and all else
  float* scores;              ///< scratch, `[tile_tokens, rows]`
  float* state;               ///< `[largest, total, value_dim...][rows]`
  const visibility* visible;  ///< null: every query sees every token
};

/// The kernels as they are compiled for one kind of processor.
struct kernels {
  static constexpr std::size_t stream_tokens = 16;  ///< most of one step
  static constexpr std::size_t tile_tokens = 96;    ///< most of one step
  static constexpr std::size_t alignment = 16;      ///< of rows and dimensions, in floats
  static constexpr std::size_t head_counts = 4;     ///< 1, 2, 4 and 8 at once

  const char* name;   ///< of the target
  std::size_t lanes;  ///< floats of its vectors

  /// Attend to some tokens, by element type and the logarithm of the number of heads; null for
  /// numbers that do not fit the vectors.
  void (*stream[4][head_counts])(const stream_step&);
  /// Converts keys and values to floats, by element type; `values` may be null.
  void (*gather[4])(const token_run&, std::size_t key_dim, float* keys, std::size_t key_stride,
                    std::size_t value_dim, float* values, std::size_t value_stride);
  /// Attends to some tokens.
  void (*tile)(const tile_step&);
  /// Adds up memory, a multiple of 1 KiB, as fast as it can be read: what decoding may reach.
  float (*read)(const std::byte* from, std::size_t bytes);
  /// Multiplies and adds, `limit_flops` times `count`, in registers alone: what prefill may reach.
  float (*compute)(std::size_t count, float start);

  /// Floating-point operations of each count of `compute`.
  [[nodiscard]] std::size_t limit_flops() const noexcept { return 12 * 2 * lanes; }
  /// Floats of the state of a stream: for each lane the largest logit and the sum of weights, and
  /// for each head the sum of values. Heads have `lanes / heads` lanes each.
  [[nodiscard]] std::size_t stream_state(std::size_t heads, std::size_t value_dim) const noexcept {
    return 2 * lanes + heads * value_dim;
  }
};

/// Row of `kernels::stream` and `gather` for elements of `type`: f32, f16, bf16 or i8.
[[nodiscard]] constexpr std::size_t kernel_row(kv::dtype type) noexcept {
  switch (type) {
    case kv::dtype::f32: return 0;
    case kv::dtype::f16: return 1;
    case kv::dtype::bf16: return 2;
    default: return 3;
  }
}

/// The kernels that this processor can run: first those that any of its kind can, last the fastest.
[[nodiscard]] std::span<const kernels* const> supported_kernels() noexcept;

/// The fastest of them.
[[nodiscard]] const kernels& best_kernels() noexcept;

}  // namespace attention
