// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include <kvfolio/kvfolio.hpp>
#include <kvfolio/partition.hpp>

#include <tensor_parallel/layer.hpp>

namespace staged {

namespace kv = kvfolio;
namespace kp = kvfolio::partition;
using sharded::layer_shape;

/// What goes through the pipeline: groups of sequences, each of which is one micro-batch.
struct batches {
  std::uint32_t layers = 7;     ///< of the model
  std::uint32_t groups = 3;     ///< micro-batches in flight
  std::uint32_t sequences = 2;  ///< in each of them
  std::uint32_t tokens = 6;     ///< of each sequence
};

/// Returns what the model makes of all tokens, `[tokens, groups, sequences, hidden]`: on the last
/// rank; nothing on others. Each rank has the layers of its stage, over a cache that holds exactly
/// these, and takes its steps in the order of `decode_steps`.
template <kp::communicator Communicator>
std::vector<float> run_stages(const layer_shape& shape, const batches& work, Communicator& ranks) {
  const auto model = kv::model::llama(work.layers, shape.hidden, shape.heads, shape.kv_heads,
                                      shape.head_dim, shape.width, 1);
  const kp::model_cut cut{.tensor = 1, .split = kp::rule::vllm(work.layers, ranks.size())};
  const auto kept = kp::rank_shape(model, cut, ranks.rank(), kv::dtype::f32);
  const auto mine = kp::consecutive(cut.split)[ranks.rank()];
  const auto heads = kp::head_cut(shape.heads, shape.kv_heads, 1, 0);
  std::vector<sharded::layer> stage;
  for (auto i = mine.first; i < mine.end(); ++i) {
    stage.emplace_back(shape, sharded::random_weights(shape, 100 + i), heads,
                       static_cast<std::uint32_t>(i - mine.first));
  }

  constexpr std::uint32_t tokens_per_page = 4;
  const auto each = work.tokens / tokens_per_page + 1;
  const auto all = work.groups * work.sequences;
  kv::paged_cache<> cache{{.shape = kept, .tokens_per_page = tokens_per_page, .pages = each * all}};
  const kv::model::page_layout layout{kept, tokens_per_page};
  std::vector<kv::paged_cache<>::sequence> running;
  for (std::uint32_t i = 0; i < all; ++i) running.push_back(cache.create().value());

  const std::size_t group_size = std::size_t{work.sequences} * shape.hidden;
  const auto input = sharded::random_tokens(shape, std::size_t{all} * work.tokens, 3);
  const bool is_last = ranks.rank() + 1 == ranks.size();
  std::vector<float> output(is_last ? input.size() : 0);
  std::vector<float> hidden(group_size);
  kp::lone_communicator alone;  // a stage's layers are whole
  for (const auto& step : kp::decode_steps(ranks.size(), work.groups, work.tokens)) {
    if (step.stage != ranks.rank()) continue;
    const auto place = (step.first_token * work.groups + step.pass) * group_size;
    if (ranks.rank() == 0) {
      std::ranges::copy(std::span{input}.subspan(place, group_size), hidden.begin());
    } else {
      ranks.receive(hidden, ranks.rank() - 1);
    }
    for (std::uint32_t i = 0; i < work.sequences; ++i) {
      auto& sequence = running[step.pass * work.sequences + i];
      sequence.append(1).value();
      for (const auto& layer : stage) {
        layer(std::span{hidden}.subspan(i * std::size_t{shape.hidden}, shape.hidden), cache,
              sequence, layout, alone);
      }
    }
    if (is_last) {
      std::ranges::copy(hidden, output.begin() + static_cast<std::ptrdiff_t>(place));
    } else {
      ranks.send(hidden, ranks.rank() + 1);
    }
  }
  return output;
}

/// Runs a model in as many stages as there are ranks, and compares it with one stage. Returns
/// whether they are equal; the last rank prints how far they are.
template <kp::communicator Communicator>
bool equals_one_stage(Communicator& ranks) {
  const layer_shape shape;
  const batches work;
  const auto found = run_stages(shape, work, ranks);
  if (ranks.rank() + 1 != ranks.size()) return true;
  kp::lone_communicator alone;
  const auto difference = sharded::largest_difference(found, run_stages(shape, work, alone));
  std::printf("%u stages of %s layers, %u micro-batches of %u sequences: differs by %.1e\n",
              ranks.size(), kp::to_text(kp::rule::vllm(work.layers, ranks.size())).c_str(),
              work.groups, work.sequences, difference);
  return difference == 0;  // the same operations in the same order
}

}  // namespace staged
