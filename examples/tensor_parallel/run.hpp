// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include <kvfolio/kvfolio.hpp>
#include <kvfolio/partition.hpp>

#include <tensor_parallel/layer.hpp>

namespace sharded {

namespace kv = kvfolio;

/// Largest difference that rounding in another order may make here.
inline constexpr double tolerance = 1e-4;

/// Returns what a rank's part of one layer makes of `tokens`, `[tokens, hidden]`, over a cache that
/// holds exactly its heads. Every rank has the same result.
template <kp::communicator Communicator>
std::vector<float> run_layer(const layer_shape& shape, const layer_weights& whole,
                             std::span<const float> tokens, Communicator& ranks) {
  auto model = kv::model::llama(1, shape.hidden, shape.heads, shape.kv_heads, shape.head_dim,
                                shape.width, 1);
  const kp::model_cut cut{.tensor = ranks.size(), .split = {1}};
  const auto kept = kp::rank_shape(model, cut, ranks.rank(), kv::dtype::f32);
  const auto heads = kp::head_cut(shape.heads, shape.kv_heads, ranks.size(), ranks.rank());
  const auto width = kp::even_cut(shape.width, ranks.size())[ranks.rank()];
  const layer part{shape, cut_weights(whole, shape, heads, width), heads, 0};

  constexpr std::uint32_t tokens_per_page = 4;
  const auto count = tokens.size() / shape.hidden;
  kv::paged_cache<> cache{{.shape = kept,
                           .tokens_per_page = tokens_per_page,
                           .pages = static_cast<std::uint32_t>(count / tokens_per_page + 1)}};
  const kv::model::page_layout layout{kept, tokens_per_page};
  auto sequence = cache.create().value();
  std::vector<float> output(tokens.begin(), tokens.end());
  for (std::size_t token = 0; token < count; ++token) {
    sequence.append(1).value();
    part(std::span{output}.subspan(token * shape.hidden, shape.hidden), cache, sequence, layout,
         ranks);
  }
  return output;
}

/// Runs layers of several shapes cut between `ranks`, and compares each with the whole layer on one
/// rank. Returns whether all are equal to rounding; the first rank prints how far they are.
template <kp::communicator Communicator>
bool equals_unsharded(Communicator& ranks) {
  bool equal = true;
  for (const std::uint32_t kv_heads : {8U, 4U, 2U, 1U}) {
    const layer_shape shape{.kv_heads = kv_heads};
    const auto whole = random_weights(shape, 11 + kv_heads);
    const auto tokens = random_tokens(shape, 21, 5);
    const auto cut = run_layer(shape, whole, tokens, ranks);
    kp::lone_communicator alone;
    const auto difference = largest_difference(cut, run_layer(shape, whole, tokens, alone));
    equal = equal && difference <= tolerance;
    if (ranks.rank() != 0) continue;
    const auto share = kp::head_cut(shape.heads, kv_heads, ranks.size(), 0);
    std::printf(
        "%u ranks, %u heads, %u KV heads: %llu of them on each, on %u ranks; differs by %.1e\n",
        ranks.size(), shape.heads, kv_heads, static_cast<unsigned long long>(share.kv_heads.count),
        share.replicas, difference);
  }
  return equal;
}

}  // namespace sharded
