// SPDX-License-Identifier: Apache-2.0
#include "ggml_attention.hpp"

#include <cmath>
#include <new>
#include <vector>

#include <ggml-cpu.h>
#include <ggml.h>

namespace attention::bench {

struct ggml_attention::graph {
  ggml_context* context;
  ggml_tensor* queries;
  ggml_tensor* keys;
  ggml_tensor* values;
  ggml_tensor* result;
  ggml_cgraph* nodes;
  ggml_cplan plan;
  std::vector<std::uint8_t> work;
};

ggml_attention::ggml_attention(const geometry& shape, shape_of_batch batch, int threads)
    : graph_{std::make_unique<graph>()} {
  ggml_cpu_init();
  auto& made = *graph_;
  made.context =
      ggml_init({.mem_size = std::size_t{1} << 20U, .mem_buffer = nullptr, .no_alloc = true});
  if (made.context == nullptr) throw std::bad_alloc{};
  const auto count = [](std::size_t number) { return static_cast<std::int64_t>(number); };
  const auto tensor = [&](ggml_type type, std::size_t tokens, std::size_t heads, std::size_t dim) {
    return ggml_new_tensor_4d(made.context, type, count(dim), count(tokens), count(heads),
                              count(batch.sequences));
  };
  made.queries = tensor(GGML_TYPE_F32, 1, shape.query_heads, shape.key_dim);
  made.keys = tensor(GGML_TYPE_F16, batch.tokens, shape.kv_heads, shape.key_dim);
  made.values = tensor(GGML_TYPE_F16, batch.tokens, shape.kv_heads, shape.value_dim);
  // A sequence's values lie between its keys and those of the next.
  made.keys->nb[3] *= 2;
  made.values->nb[3] *= 2;
  made.result = ggml_flash_attn_ext(made.context, made.queries, made.keys, made.values, nullptr,
                                    1 / std::sqrt(static_cast<float>(shape.key_dim)), 0, 0);
  made.nodes = ggml_new_graph(made.context);
  ggml_build_forward_expand(made.nodes, made.result);
  made.plan = ggml_graph_plan(made.nodes, threads, nullptr);
  made.work.resize(made.plan.work_size);
  made.plan.work_data = made.work.data();
}

ggml_attention::~ggml_attention() {
  ggml_free(graph_->context);
}

void ggml_attention::run(const contiguous& from, std::span<const float> queries,
                         std::span<float> output) {
  const auto first = from.run(0, 0, 0);
  // ggml writes to none of them but the last.
  graph_->queries->data = const_cast<float*>(queries.data());
  graph_->keys->data = const_cast<std::byte*>(first.keys);
  graph_->values->data = const_cast<std::byte*>(first.values);
  graph_->result->data = output.data();
  ggml_graph_compute(graph_->nodes, &graph_->plan);
}

}  // namespace attention::bench
