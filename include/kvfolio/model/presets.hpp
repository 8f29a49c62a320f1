// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <kvfolio/model/architecture.hpp>

namespace kvfolio::model {

/// Returns a model of `layers` equal layers: grouped-query attention, a gated MLP, RMSNorm, rotary
/// positions and a head of its own; Llama's, from which most others differ in a member or two.
[[nodiscard]] inline architecture llama(std::uint32_t layers, std::uint32_t hidden,
                                        std::uint32_t heads, std::uint32_t kv_heads,
                                        std::uint32_t head_dim, std::uint32_t width,
                                        std::uint32_t vocabulary) {
  architecture made;
  made.hidden = hidden;
  made.vocabulary = vocabulary;
  transformer_layer layer;
  layer.attends.heads = heads;
  layer.attends.kv_heads = kv_heads;
  layer.attends.head_dim = head_dim;
  layer.feeds.width = width;
  made.layers.assign(layers, layer);
  return made;
}

/// Returns a model of GPT-2's kind: multi-head, biases everywhere, LayerNorm, learned positions, a
/// plain MLP of four times the width, a tied head. OPT is the same with two positions more.
[[nodiscard]] inline architecture gpt2(std::uint32_t layers, std::uint32_t hidden,
                                       std::uint32_t heads, std::uint32_t vocabulary,
                                       std::uint32_t positions) {
  auto made = llama(layers, hidden, heads, heads, hidden / heads, 4 * hidden, vocabulary);
  made.tied = true;
  made.positions = positions;
  made.norm_bias = true;
  for (auto& [attends, feeds] : made.layers) {
    attends.qkv_bias = attends.output_bias = feeds.bias = true;
    feeds.gated = false;
  }
  return made;
}

/// Returns a model of Gemma 3's kind: a tied head, four norms, normalised heads, and every sixth
/// layer reads everything while the others read a window.
[[nodiscard]] inline architecture gemma3(std::uint32_t layers, std::uint32_t hidden,
                                         std::uint32_t heads, std::uint32_t kv_heads,
                                         std::uint32_t head_dim, std::uint32_t width,
                                         std::uint32_t vocabulary, std::uint32_t window) {
  auto made = llama(layers, hidden, heads, kv_heads, head_dim, width, vocabulary);
  made.tied = true;
  made.norms_per_layer = 4;
  for (std::size_t i = 0; i < made.layers.size(); ++i) {
    made.layers[i].attends.qk_norm = true;
    made.layers[i].attends.window = (i + 1) % 6 == 0 ? 0 : window;
  }
  return made;
}

/// Returns a model whose layers from `first` on have `experts` instead of their MLP.
[[nodiscard]] inline architecture with_experts(architecture made, std::size_t first,
                                               const mlp& experts) {
  for (auto i = first; i < made.layers.size(); ++i) made.layers[i].feeds = experts;
  return made;
}

/// Returns a model all of whose layers attend by `attends`.
[[nodiscard]] inline architecture with_attention(architecture made, const attention& attends) {
  for (auto& layer : made.layers) layer.attends = attends;
  return made;
}

/// A well-known model.
struct preset {
  std::string_view name;   ///< by which it is asked for
  architecture (*make)();  ///< returns it
};

/// Well-known models. Parameters are exact, equal to the published checkpoints'; but for GPT-3,
/// which was not published and follows from its paper (Brown et al., 2020). Windows are not part of
/// a checkpoint, and come from the models' configurations.
inline constexpr std::array presets{
    preset{"llama-2-7b", [] { return llama(32, 4096, 32, 32, 128, 11008, 32000); }},
    preset{"llama-2-13b", [] { return llama(40, 5120, 40, 40, 128, 13824, 32000); }},
    preset{"llama-2-70b", [] { return llama(80, 8192, 64, 8, 128, 28672, 32000); }},
    preset{"llama-3-8b", [] { return llama(32, 4096, 32, 8, 128, 14336, 128256); }},
    preset{"llama-3-70b", [] { return llama(80, 8192, 64, 8, 128, 28672, 128256); }},
    preset{"mistral-7b",
           [] {
             auto made = llama(32, 4096, 32, 8, 128, 14336, 32000);
             for (auto& layer : made.layers) layer.attends.window = 4096;
             return made;
           }},
    preset{"mixtral-8x7b",
           [] {
             return with_experts(llama(32, 4096, 32, 8, 128, 14336, 32000), 0,
                                 {.width = 14336, .experts = 8, .top_k = 2});
           }},
    preset{"qwen2.5-7b",
           [] {
             auto made = llama(28, 3584, 28, 4, 128, 18944, 152064);
             for (auto& layer : made.layers) layer.attends.qkv_bias = true;
             return made;
           }},
    preset{"qwen3-8b",
           [] {
             auto made = llama(36, 4096, 32, 8, 128, 12288, 151936);
             for (auto& layer : made.layers) layer.attends.qk_norm = true;
             return made;
           }},
    preset{"qwen3-30b-a3b",
           [] {
             auto made = with_experts(llama(48, 2048, 32, 4, 128, 6144, 151936), 0,
                                      {.width = 768, .experts = 128, .top_k = 8});
             for (auto& layer : made.layers) layer.attends.qk_norm = true;
             return made;
           }},
    preset{"gemma-3-270m", [] { return gemma3(18, 640, 4, 1, 256, 2048, 262144, 512); }},
    preset{"gemma-3-27b", [] { return gemma3(62, 5376, 32, 16, 128, 21504, 262208, 1024); }},
    preset{"phi-3-mini", [] { return llama(32, 3072, 32, 32, 96, 8192, 32064); }},
    preset{"gpt2", [] { return gpt2(12, 768, 12, 50257, 1024); }},
    preset{"gpt2-medium", [] { return gpt2(24, 1024, 16, 50257, 1024); }},
    preset{"gpt-3-175b", [] { return gpt2(96, 12288, 96, 50257, 2048); }},
    preset{"opt-125m", [] { return gpt2(12, 768, 12, 50272, 2050); }},
    preset{"opt-13b", [] { return gpt2(40, 5120, 40, 50272, 2050); }},
    preset{"deepseek-v2-lite",
           [] {
             const attention latent{
                 .heads = 16, .head_dim = 128, .latent_dim = 512, .rotary_dim = 64};
             const mlp experts{.width = 1408, .experts = 64, .top_k = 6, .shared_width = 2816};
             return with_experts(
                 with_attention(llama(27, 2048, 16, 16, 128, 10944, 102400), latent), 1, experts);
           }},
    preset{
        "deepseek-v3",
        [] {
          const attention latent{.heads = 128,
                                 .head_dim = 128,
                                 .latent_dim = 512,
                                 .rotary_dim = 64,
                                 .query_latent_dim = 1536};
          const mlp experts{
              .width = 2048, .experts = 256, .top_k = 8, .shared_width = 2048, .score_bias = true};
          return with_experts(with_attention(llama(61, 7168, 128, 128, 128, 18432, 129280), latent),
                              3, experts);
        }},
};

/// Returns the well-known model called `name`.
/// \throws std::invalid_argument naming those that there are, if there is no such model
[[nodiscard]] inline architecture preset_named(std::string_view name) {
  std::string known;
  for (const auto& each : presets) {
    if (each.name == name) return each.make();
    known.append(known.empty() ? "" : ", ").append(each.name);
  }
  throw std::invalid_argument("kvfolio: no preset is called " + std::string{name} + "; there are " +
                              known);
}

}  // namespace kvfolio::model
