// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "memory.hpp"

namespace attention::bench {

/// ggml's flash attention of one decode step over contiguous, head-major f16, on its own threads.
class ggml_attention {
 public:
  /// For batches of one shape. \throws std::bad_alloc
  ggml_attention(const geometry& shape, shape_of_batch batch, int threads);
  ggml_attention(const ggml_attention&) = delete;
  ggml_attention(ggml_attention&&) = delete;
  ggml_attention& operator=(const ggml_attention&) = delete;
  ggml_attention& operator=(ggml_attention&&) = delete;
  ~ggml_attention();

  /// Writes the attention of `queries`, `[sequences, query_heads, 128]`, to `output`.
  void run(const contiguous& from, std::span<const float> queries, std::span<float> output);

 private:
  struct graph;
  std::unique_ptr<graph> graph_;
};

}  // namespace attention::bench
