// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <kvfolio/model/attention.hpp>
#include <kvfolio/model/mlp.hpp>
#include <kvfolio/model/weight.hpp>

namespace kvfolio::model {

/// One layer of a transformer.
struct transformer_layer {
  attention attends;  ///< its attention
  mlp feeds;          ///< its feed-forward part
  /// Equal in both members.
  friend constexpr bool operator==(const transformer_layer&, const transformer_layer&) = default;
};

/// A decoder: everything that decides how many weights it has, and what it keeps of a token.
struct architecture {
  std::uint32_t hidden = 0;                 ///< elements between layers
  std::uint32_t vocabulary = 0;             ///< tokens
  bool tied = false;                        ///< the head is the embedding
  std::uint32_t positions = 0;              ///< that have learned embeddings; 0: rotary, or none
  std::uint32_t embedding_dim = 0;          ///< of a token, projected to `hidden`; 0: the same
  std::uint32_t norms_per_layer = 2;        ///< 4 in Gemma 2 and 3
  bool norm_bias = false;                   ///< LayerNorm instead of RMSNorm
  bool final_norm = true;                   ///< before the head
  std::vector<transformer_layer> layers{};  ///< from the embedding to the head

  /// Elements of a token's embedding.
  [[nodiscard]] constexpr std::uint64_t embedding_elements() const noexcept {
    return embedding_dim != 0 ? embedding_dim : hidden;
  }
};

/// Calls `visit(weight)` for what the first stage of a model has beside its layers.
template <class Visit>
void for_each_input_weight(const architecture& model, Visit&& visit) {
  const auto width = model.embedding_elements();
  visit(weight{weight_kind::embedding, weight_cut::vocabulary, model.vocabulary, width, width});
  if (model.positions != 0) {
    const std::uint64_t hidden = model.hidden;
    visit(weight{weight_kind::embedding, weight_cut::whole, model.positions, hidden, hidden});
  }
  if (width != model.hidden) {
    visit(weight{weight_kind::matrix, weight_cut::whole, model.hidden, width, width});
  }
}

/// Calls `visit(weight)` for what the last stage has beside its layers. The head is visited even if
/// it is the embedding: a rank with both has it once.
template <class Visit>
void for_each_output_weight(const architecture& model, Visit&& visit) {
  const std::uint64_t hidden = model.hidden;
  const auto width = model.embedding_elements();
  if (model.final_norm) {
    const auto size = hidden * (model.norm_bias ? 2 : 1);
    visit(weight{weight_kind::vector, weight_cut::whole, 1, size, size});
  }
  if (width != hidden) visit(weight{weight_kind::matrix, weight_cut::whole, width, hidden, hidden});
  visit(weight{model.tied ? weight_kind::embedding : weight_kind::head, weight_cut::vocabulary,
               model.vocabulary, width, width});
}

/// Calls `visit(weight)` for every matrix and vector of layer `index`.
/// Precondition: the model has that layer.
template <class Visit>
void for_each_layer_weight(const architecture& model, std::size_t index, Visit&& visit) {
  const auto& layer = model.layers.at(index);
  for_each_weight(layer.attends, model.hidden, visit);
  for_each_weight(layer.feeds, model.hidden, visit);
  const std::uint64_t size = std::uint64_t{model.hidden} * (model.norm_bias ? 2 : 1);
  visit(weight{weight_kind::vector, weight_cut::whole, model.norms_per_layer, size, size});
}

/// Calls `visit(weight)` for every weight of the model, a tied head once.
template <class Visit>
void for_each_weight(const architecture& model, Visit&& visit) {
  for_each_input_weight(model, visit);
  for (std::size_t i = 0; i < model.layers.size(); ++i) for_each_layer_weight(model, i, visit);
  for_each_output_weight(model, [&](const weight& part) {
    if (!(model.tied && part.cut == weight_cut::vocabulary)) visit(part);
  });
}

/// Returns the parameters of the model, a tied head counted once. O(layers), here and below.
[[nodiscard]] inline std::uint64_t parameters(const architecture& model) {
  std::uint64_t sum = 0;
  for_each_weight(model, [&sum](const weight& part) { sum += part.elements(); });
  return sum;
}

/// Returns the parameters that one token meets: of the routed experts, those that it visits.
[[nodiscard]] inline std::uint64_t active_parameters(const architecture& model) {
  auto sum = parameters(model);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto& feeds = model.layers[i].feeds;
    for_each_weight(feeds, model.hidden, [&](const weight& part) {
      if (part.experts != 0) sum -= part.elements(part.units) * (feeds.experts - feeds.top_k);
    });
  }
  return sum;
}

/// Returns the bytes of all weights, a tied head once.
/// \throws std::invalid_argument if a matrix has rows that `formats` cannot store
[[nodiscard]] inline std::uint64_t weight_bytes(const architecture& model,
                                                const weight_formats& formats) {
  std::uint64_t sum = 0;
  for_each_weight(model, [&](const weight& part) {
    sum += bytes_in(formats, part, part.units) * (part.experts == 0 ? 1 : part.experts);
  });
  return sum;
}

/// Returns the bytes of KV that one token has in all layers, windows counted in full. States, which
/// are kept once a sequence, are not counted.
[[nodiscard]] inline std::uint64_t kv_bytes_per_token(const architecture& model, dtype type) {
  std::uint64_t sum = 0;
  for (const auto& [attends, feeds] : model.layers) {
    if (!attends.is_state()) sum += kv_shape(attends, attends.kv_heads, type).bytes_per_token();
  }
  return sum;
}

/// Returns the bytes of the recurrent states that one sequence has in all layers.
[[nodiscard]] inline std::uint64_t state_bytes(const architecture& model, dtype type) {
  std::uint64_t sum = 0;
  for (const auto& [attends, feeds] : model.layers) {
    if (attends.is_state()) sum += kv_shape(attends, 1, type).bytes_per_token();
  }
  return sum;
}

/// Does nothing for a model that can be.
/// \throws std::invalid_argument saying which layer is wrong, and what would be right
inline void check(const architecture& model) {
  const auto refuse = [](const std::string& why) {
    throw std::invalid_argument("kvfolio: " + why);
  };
  if (model.hidden == 0 || model.vocabulary == 0 || model.layers.empty()) {
    refuse("a model needs hidden, vocabulary and layers of at least 1");
  }
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto& [attends, feeds] = model.layers[i];
    const auto where = "layer " + std::to_string(i) + " has ";
    if (attends.is_state()) continue;
    if (attends.heads == 0 || attends.head_dim == 0) {
      refuse(where + "no heads, or heads of no elements; give heads and head_dim");
    }
    if (!attends.is_latent() && (attends.kv_heads == 0 || attends.heads % attends.kv_heads != 0)) {
      refuse(where + std::to_string(attends.kv_heads) + " KV heads for " +
             std::to_string(attends.heads) + " heads; they must divide the heads");
    }
    if (feeds.top_k > feeds.experts || (feeds.experts != 0 && feeds.top_k == 0)) {
      refuse(where + std::to_string(feeds.experts) + " experts of which a token visits " +
             std::to_string(feeds.top_k) + "; it must visit 1 to all of them");
    }
  }
}

}  // namespace kvfolio::model
