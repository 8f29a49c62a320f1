// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/model/architecture.hpp>
#include <kvfolio/model/capacity.hpp>
#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/expert_cut.hpp>
#include <kvfolio/partition/head_cut.hpp>
#include <kvfolio/partition/index_range.hpp>
#include <kvfolio/partition/stages.hpp>
#include <kvfolio/partition/tensor_cut.hpp>
#include <kvfolio/partition/vocabulary_cut.hpp>

namespace kvfolio::partition {

/// How a model is cut: into stages, and each of them between tensor-parallel ranks. Ranks are
/// numbered stage by stage.
struct model_cut {
  std::uint32_t tensor = 1;      ///< ranks of each stage
  stages split{};                ///< layers of each stage
  bool expert_parallel = false;  ///< experts whole, each on one of the tensor ranks

  /// All ranks.
  [[nodiscard]] std::uint32_t ranks() const noexcept {
    return tensor * static_cast<std::uint32_t>(split.size());
  }
};

/// What one rank has of a model.
struct rank_share {
  index_range layers;                    ///< of its stage
  bool has_input = false;                ///< its stage has the embedding
  bool has_output = false;               ///< its stage has the head
  std::uint32_t heads = 0;               ///< query heads in each layer; those of its first
  std::uint32_t kv_heads = 0;            ///< KV heads in each layer; 1 for latents
  std::uint64_t parameters = 0;          ///< without padding
  std::uint64_t padding_parameters = 0;  ///< rows of the vocabulary that stand for no token
  std::uint64_t weight_bytes = 0;        ///< of its parameters
  std::uint64_t padding_bytes = 0;       ///< of its padding
  std::uint64_t kv_bytes_per_token = 0;  ///< in all its layers, windows counted in full
};

/// Returns the KV heads that each of `ranks` tensor-parallel ranks keeps: 1 where what is kept is
/// latent, which tensor parallelism cannot cut. Precondition: `check_heads` does not throw.
[[nodiscard]] constexpr std::uint32_t kv_heads_of(const model::attention& layer,
                                                  std::uint32_t ranks) noexcept {
  if (layer.is_latent() || layer.is_state()) return 1;
  return layer.kv_heads <= ranks ? 1 : layer.kv_heads / ranks;
}

/// Does nothing if every layer of `model` can be cut so.
/// \throws bad_partition naming what cannot be divided, and what would work
inline void check(const model::architecture& model, const model_cut& cut) {
  model::check(model);
  const auto layers = static_cast<std::uint32_t>(model.layers.size());
  const auto sum = std::accumulate(cut.split.begin(), cut.split.end(), std::uint64_t{0});
  static_cast<void>(without_empty(cut.split, "this split", empty_stages::refused));
  if (sum != layers || cut.split.empty()) {
    throw bad_partition(refusal::bad_input, "stages of " + to_text(cut.split) + " layers are " +
                                                std::to_string(sum) + ", and the model has " +
                                                std::to_string(layers));
  }
  const model::transformer_layer* before = nullptr;
  for (const auto& layer : model.layers) {
    if (before != nullptr && *before == layer) continue;
    before = &layer;
    const auto& [attends, feeds] = layer;
    if (!attends.is_state()) {
      check_heads(attends.heads, attends.is_latent() ? attends.heads : attends.kv_heads,
                  cut.tensor);
    }
    if (!(cut.expert_parallel && feeds.experts != 0)) {
      static_cast<void>(even_cut(feeds.width, cut.tensor));
    } else {
      static_cast<void>(expert_cut(feeds.experts, cut.tensor));
    }
    static_cast<void>(even_cut(feeds.shared_width, cut.tensor));
  }
}

/// The same, and that there is such a rank.
inline void check(const model::architecture& model, const model_cut& cut, std::uint32_t rank) {
  check(model, cut);
  if (rank < cut.ranks()) return;
  throw bad_partition(refusal::bad_input, "rank " + std::to_string(rank) + " of " +
                                              std::to_string(cut.ranks()) +
                                              "; they are numbered from 0");
}

/// What a rank has of one weight.
struct held_part {
  std::uint64_t units;    ///< in each expert, if it is an expert's
  std::uint64_t copies;   ///< experts, or 1
  std::uint64_t padding;  ///< units that stand for no token
};

/// Returns what the tensor rank `place` has of `part`. Precondition: `check` does not throw.
[[nodiscard]] inline held_part held(const model::weight& part, const model_cut& cut,
                                    std::uint32_t place) {
  const std::uint64_t copies = part.experts == 0 ? 1 : part.experts;
  if (part.experts != 0 && cut.expert_parallel) {
    const auto owners = expert_cut(part.experts, cut.tensor);
    return {part.units, static_cast<std::uint64_t>(std::ranges::count(owners, place)), 0};
  }
  switch (part.cut) {
    case model::weight_cut::whole: return {part.units, copies, 0};
    case model::weight_cut::heads:
    case model::weight_cut::width: return {part.units / cut.tensor, copies, 0};
    case model::weight_cut::kv_heads:
      return {part.units <= cut.tensor ? 1 : part.units / cut.tensor, copies, 0};
    case model::weight_cut::vocabulary: {
      const auto [tokens, padding] =
          vocabulary_cut(part.units, padded_vocabulary(part.units, cut.tensor), cut.tensor, place);
      return {tokens.count, copies, padding};
    }
  }
  return {part.units, copies, 0};
}

/// Returns what rank `rank` has. A tied head is on both the first and the last stage, unless these
/// are one. O(layers). \throws bad_partition as `check` does, or for a rank that is not there
/// \throws std::invalid_argument if a cut leaves rows that `formats` cannot store
[[nodiscard]] inline rank_share share_of(const model::architecture& model, const model_cut& cut,
                                         std::uint32_t rank, const model::weight_formats& formats,
                                         dtype kv_type) {
  check(model, cut, rank);
  const auto stage = rank / cut.tensor;
  const auto place = rank % cut.tensor;
  rank_share share;
  share.layers = consecutive(cut.split)[stage];
  share.has_input = stage == 0;
  share.has_output = stage + 1 == cut.split.size();
  const auto& first = model.layers[share.layers.first].attends;
  share.heads = first.heads / cut.tensor;
  share.kv_heads = kv_heads_of(first, cut.tensor);

  const auto add = [&](const model::weight& part) {
    const auto [units, copies, padding] = held(part, cut, place);
    share.parameters += part.elements(units) * copies;
    share.weight_bytes += bytes_in(formats, part, units) * copies;
    share.padding_parameters += part.elements(padding);
    share.padding_bytes += bytes_in(formats, part, padding);
  };
  if (share.has_input) for_each_input_weight(model, add);
  for (auto i = share.layers.first; i < share.layers.end(); ++i) {
    for_each_layer_weight(model, i, add);
    const auto& attends = model.layers[i].attends;
    if (attends.is_state()) continue;
    share.kv_bytes_per_token +=
        kv_shape(attends, kv_heads_of(attends, cut.tensor), kv_type).bytes_per_token();
  }
  if (share.has_output) {
    for_each_output_weight(model, [&](const model::weight& part) {
      const bool is_embedding = model.tied && part.cut == model::weight_cut::vocabulary;
      if (!(is_embedding && share.has_input)) add(part);
    });
  }
  return share;
}

/// Returns what the layers of `share` keep, on one of `ranks` tensor-parallel ranks.
[[nodiscard]] inline std::vector<model::cached_layer> cached_layers(
    const model::architecture& model, const index_range& layers, std::uint32_t ranks, dtype type) {
  std::vector<model::cached_layer> kept;
  for (auto i = layers.first; i < layers.end(); ++i) {
    const auto& attends = model.layers[i].attends;
    const auto bytes = kv_shape(attends, kv_heads_of(attends, ranks), type).bytes_per_token();
    kept.push_back(attends.is_state() ? model::cached_layer{0, 0, bytes}
                                      : model::cached_layer{bytes, attends.window, 0});
  }
  return kept;
}

/// Returns the shape of the cache of rank `rank`: its layers that keep KV of their own, and its KV
/// heads. \throws bad_partition as `check` does, or if its layers keep tokens of different shapes,
/// for which a cache with several groups is needed
[[nodiscard]] inline model::cache_shape rank_shape(const model::architecture& model,
                                                   const model_cut& cut, std::uint32_t rank,
                                                   dtype type) {
  check(model, cut, rank);
  const auto layers = consecutive(cut.split)[rank / cut.tensor];
  model::cache_shape shape;
  for (auto i = layers.first; i < layers.end(); ++i) {
    const auto& attends = model.layers[i].attends;
    if (!attends.owns_kv) continue;
    auto one = kv_shape(attends, kv_heads_of(attends, cut.tensor), type);
    one.layers = shape.layers;
    if (attends.is_state() || (shape.layers != 0 && one != shape)) {
      throw bad_partition(refusal::bad_input,
                          "layer " + std::to_string(i) +
                              " keeps something else than those before it; such a rank needs a "
                              "cache with several groups");
    }
    ++one.layers;
    shape = one;
  }
  model::check(shape);
  return shape;
}

}  // namespace kvfolio::partition
