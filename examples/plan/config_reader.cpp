// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <kvfolio/model/presets.hpp>

#include <nlohmann/json.hpp>
#include <plan/config_reader.hpp>

namespace plan {
namespace {

using kvfolio::dtype;
using kvfolio::model::architecture;
using nlohmann::json;

constexpr std::array<std::pair<std::string_view, dtype>, 18> type_names{
    {{"f32", dtype::f32},
     {"f16", dtype::f16},
     {"bf16", dtype::bf16},
     {"f8", dtype::f8},
     {"i8", dtype::i8},
     {"i4", dtype::i4},
     {"fp32", dtype::f32},
     {"float32", dtype::f32},
     {"fp16", dtype::f16},
     {"float16", dtype::f16},
     {"half", dtype::f16},
     {"bfloat16", dtype::bf16},
     {"fp8", dtype::f8},
     {"float8_e4m3fn", dtype::f8},
     {"float8_e5m2", dtype::f8},
     {"int8", dtype::i8},
     {"int4", dtype::i4},
     {"float", dtype::f32}}};

/// The fields of a configuration, with the defaults of its family for those that are missing or
/// null.
class fields {
 public:
  fields(const json& object, std::string name) : object_{object}, name_{std::move(name)} {
    if (!object_.is_object()) throw bad_config(name_ + ": is no JSON object");
  }

  [[nodiscard]] bool has(const char* key) const {
    const auto found = object_.find(key);
    return found != object_.end() && !found->is_null();
  }

  // Is it said, if only that there is none?
  [[nodiscard]] bool mentions(const char* key) const { return object_.contains(key); }

  [[nodiscard]] std::uint32_t number(const char* key, std::uint32_t otherwise) const {
    if (!has(key)) return otherwise;
    const auto& value = object_[key];
    if (!value.is_number_unsigned() ||
        value.get<std::uint64_t>() > std::numeric_limits<std::int32_t>::max()) {
      refuse(key, "a number from 0 to 2^31 - 1");
    }
    return value.get<std::uint32_t>();
  }

  [[nodiscard]] bool flag(const char* key, bool otherwise) const {
    if (!has(key)) return otherwise;
    if (!object_[key].is_boolean()) refuse(key, "true or false");
    return object_[key].get<bool>();
  }

  [[nodiscard]] std::string text(const char* key, const std::string& otherwise) const {
    if (!has(key)) return otherwise;
    if (!object_[key].is_string()) refuse(key, "a string");
    return object_[key].get<std::string>();
  }

  [[nodiscard]] std::vector<std::string> texts(const char* key) const {
    if (!has(key)) return {};
    const auto& value = object_[key];
    if (!value.is_array() || !std::ranges::all_of(value, &json::is_string)) {
      refuse(key, "an array of strings");
    }
    return value.get<std::vector<std::string>>();
  }

  [[nodiscard]] std::vector<std::uint32_t> numbers(const char* key) const {
    if (!has(key)) return {};
    const auto& value = object_[key];
    if (!value.is_array() || !std::ranges::all_of(value, &json::is_number_unsigned)) {
      refuse(key, "an array of numbers");
    }
    return value.get<std::vector<std::uint32_t>>();
  }

  [[nodiscard]] fields inside(const char* key) const { return {object_[key], name_ + ": " + key}; }

  [[noreturn]] void refuse(const char* key, const std::string& expected) const {
    throw bad_config(fmt::format("{}: {} is {}; expected {}", name_, key,
                                 has(key) ? object_[key].dump() : "missing", expected));
  }

 private:
  const json& object_;
  std::string name_;
};

/// What families that resemble Llama have where their configuration says nothing.
struct defaults {
  std::uint32_t vocabulary, hidden, width, layers, heads;
  std::uint32_t kv_heads = 0;  ///< 0: as many as heads
  std::uint32_t head_dim = 0;  ///< 0: hidden / heads
  bool tied = false;
};

architecture read_llama(const fields& given, const defaults& usual) {
  const auto heads = given.number("num_attention_heads", usual.heads);
  const auto hidden = given.number("hidden_size", usual.hidden);
  if (heads == 0) given.refuse("num_attention_heads", "at least 1");
  // Null is not the default of the family: it is as many as heads, and what these leave.
  const auto usual_kv =
      usual.kv_heads == 0 || given.mentions("num_key_value_heads") ? heads : usual.kv_heads;
  const auto kv_heads = given.number("num_key_value_heads", usual_kv);
  const auto usual_dim =
      usual.head_dim == 0 || given.mentions("head_dim") ? hidden / heads : usual.head_dim;
  const auto head_dim = given.number("head_dim", usual_dim);
  if (kv_heads == 0 || heads % kv_heads != 0) {
    given.refuse("num_key_value_heads", fmt::format("a divisor of {} heads", heads));
  }
  auto made = kvfolio::model::llama(
      given.number("num_hidden_layers", usual.layers), hidden, heads, kv_heads, head_dim,
      given.number("intermediate_size", usual.width), given.number("vocab_size", usual.vocabulary));
  made.tied = given.flag("tie_word_embeddings", usual.tied);
  return made;
}

// Gives a window of `window` tokens to the layers that `layer_types` names, or `otherwise` picks.
void set_windows(architecture& made, const fields& given, std::uint32_t window,
                 const std::function<bool(std::size_t)>& otherwise) {
  const auto types = given.texts("layer_types");
  if (!types.empty() && types.size() != made.layers.size()) {
    given.refuse("layer_types", fmt::format("one for each of {} layers", made.layers.size()));
  }
  for (std::size_t i = 0; i < made.layers.size(); ++i) {
    const bool slides = types.empty() ? otherwise(i) : types[i] == "sliding_attention";
    made.layers[i].attends.window = slides ? window : 0;
  }
}

void set_biases(architecture& made, bool qkv, bool output) {
  for (auto& layer : made.layers) {
    layer.attends.qkv_bias = qkv;
    layer.attends.output_bias = output;
  }
}

void normalise_heads(architecture& made) {
  for (auto& layer : made.layers) layer.attends.qk_norm = true;
}

architecture read_plain_llama(const fields& given) {
  auto made = read_llama(given, {32000, 4096, 11008, 32, 32});
  const bool bias = given.flag("attention_bias", false);
  set_biases(made, bias, bias);
  for (auto& layer : made.layers) layer.feeds.bias = given.flag("mlp_bias", false);
  return made;
}

architecture read_mistral(const fields& given) {
  auto made = read_llama(given, {32000, 4096, 14336, 32, 32, 8});
  const auto window = given.number("sliding_window", given.mentions("sliding_window") ? 0 : 4096);
  set_windows(made, given, window, [](std::size_t) { return true; });
  return made;
}

architecture read_mixtral(const fields& given) {
  auto made = read_llama(given, {32000, 4096, 14336, 32, 32, 8});
  set_windows(made, given, given.number("sliding_window", 0), [](std::size_t) { return true; });
  return with_experts(made, 0,
                      {.width = made.layers.empty() ? 0 : made.layers[0].feeds.width,
                       .experts = given.number("num_local_experts", 8),
                       .top_k = given.number("num_experts_per_tok", 2)});
}

// Qwen's layers from `max_window_layers` on have a window, if any have.
void set_qwen_windows(architecture& made, const fields& given) {
  const bool used = given.flag("use_sliding_window", false);
  const auto full = given.number("max_window_layers", 28);
  set_windows(made, given, used ? given.number("sliding_window", 4096) : 0,
              [=](std::size_t layer) { return layer >= full; });
}

architecture read_qwen2(const fields& given) {
  auto made = read_llama(given, {151936, 4096, 22016, 32, 32, 32});
  set_biases(made, true, false);
  set_qwen_windows(made, given);
  return made;
}

architecture read_qwen3(const fields& given) {
  auto made = read_llama(given, {151936, 4096, 22016, 32, 32, 32, 128});
  const bool bias = given.flag("attention_bias", false);
  set_biases(made, bias, bias);
  normalise_heads(made);
  set_qwen_windows(made, given);
  return made;
}

// The layers that `sparse` picks have experts.
void set_experts(architecture& made, const kvfolio::model::mlp& experts,
                 const std::function<bool(std::size_t)>& sparse) {
  if (experts.experts == 0) return;
  for (std::size_t i = 0; i < made.layers.size(); ++i) {
    if (sparse(i)) made.layers[i].feeds = experts;
  }
}

// Every `decoder_sparse_step`-th layer of Qwen's has experts, but for those in `mlp_only_layers`.
void set_qwen_experts(architecture& made, const fields& given, const kvfolio::model::mlp& experts) {
  const auto dense = given.numbers("mlp_only_layers");
  const auto step = given.number("decoder_sparse_step", 1);
  if (step == 0) given.refuse("decoder_sparse_step", "at least 1");
  set_experts(made, experts, [&](std::size_t i) {
    return (i + 1) % step == 0 && std::ranges::find(dense, i) == dense.end();
  });
}

architecture read_qwen2_moe(const fields& given) {
  auto made = read_llama(given, {151936, 2048, 5632, 24, 16, 16});
  set_biases(made, given.flag("qkv_bias", true), false);
  set_qwen_windows(made, given);
  set_qwen_experts(made, given,
                   {.width = given.number("moe_intermediate_size", 1408),
                    .experts = given.number("num_experts", 60),
                    .top_k = given.number("num_experts_per_tok", 4),
                    .shared_width = given.number("shared_expert_intermediate_size", 5632),
                    .shared_gate = true});
  return made;
}

architecture read_qwen3_moe(const fields& given) {
  auto made = read_llama(given, {151936, 2048, 6144, 24, 32, 4});
  const bool bias = given.flag("attention_bias", false);
  set_biases(made, bias, bias);
  normalise_heads(made);
  set_qwen_windows(made, given);
  set_qwen_experts(made, given,
                   {.width = given.number("moe_intermediate_size", 768),
                    .experts = given.number("num_experts", 128),
                    .top_k = given.number("num_experts_per_tok", 8)});
  return made;
}

architecture read_gemma(const fields& given) {
  auto made = read_llama(given, {256000, 3072, 24576, 28, 16, 16, 256, true});
  const bool bias = given.flag("attention_bias", false);
  set_biases(made, bias, bias);
  return made;
}

architecture read_gemma2(const fields& given) {
  auto made = read_llama(given, {256000, 2304, 9216, 26, 8, 4, 256, true});
  const bool bias = given.flag("attention_bias", false);
  set_biases(made, bias, bias);
  made.norms_per_layer = 4;
  set_windows(made, given, given.number("sliding_window", 4096),
              [](std::size_t layer) { return layer % 2 == 0; });
  return made;
}

architecture read_gemma3(const fields& given) {
  auto made = read_llama(given, {262208, 2304, 9216, 26, 8, 4, 256, true});
  const bool bias = given.flag("attention_bias", false);
  set_biases(made, bias, bias);
  normalise_heads(made);
  made.norms_per_layer = 4;
  const auto pattern =
      given.number("sliding_window_pattern", given.number("_sliding_window_pattern", 6));
  set_windows(made, given, given.number("sliding_window", 4096),
              [pattern](std::size_t layer) { return pattern != 0 && (layer + 1) % pattern != 0; });
  return made;
}

architecture read_phi3(const fields& given) {
  auto made = read_llama(given, {32064, 3072, 8192, 32, 32});
  set_windows(made, given, given.number("sliding_window", 0), [](std::size_t) { return true; });
  return made;
}

architecture read_gpt2(const fields& given) {
  const auto hidden = given.number("n_embd", 768);
  const auto heads = given.number("n_head", 12);
  if (heads == 0) given.refuse("n_head", "at least 1");
  auto made =
      kvfolio::model::gpt2(given.number("n_layer", 12), hidden, heads,
                           given.number("vocab_size", 50257), given.number("n_positions", 1024));
  made.tied = given.flag("tie_word_embeddings", true);
  for (auto& layer : made.layers) layer.feeds.width = given.number("n_inner", 4 * hidden);
  return made;
}

architecture read_opt(const fields& given) {
  const auto hidden = given.number("hidden_size", 768);
  const auto heads = given.number("num_attention_heads", 12);
  if (heads == 0) given.refuse("num_attention_heads", "at least 1");
  auto made = kvfolio::model::gpt2(given.number("num_hidden_layers", 12), hidden, heads,
                                   given.number("vocab_size", 50272),
                                   given.number("max_position_embeddings", 2048) + 2);
  made.tied = given.flag("tie_word_embeddings", true);
  made.embedding_dim = given.number("word_embed_proj_dim", hidden);
  const bool affine = given.flag("layer_norm_elementwise_affine", true);
  made.final_norm = affine && given.flag("do_layer_norm_before", true) &&
                    !given.flag("_remove_final_layer_norm", false);
  if (!affine) made.norms_per_layer = 0;
  const bool bias = given.flag("enable_bias", true);
  set_biases(made, bias, bias);
  for (auto& layer : made.layers) {
    layer.feeds.width = given.number("ffn_dim", 3072);
    layer.feeds.bias = bias;
  }
  return made;
}

architecture read_deepseek(const fields& given, bool third) {
  auto made = third ? read_llama(given, {129280, 7168, 18432, 61, 128, 128})
                    : read_llama(given, {32000, 4096, 11008, 32, 32});
  const auto width = given.number("moe_intermediate_size", third ? 2048 : 1407);
  const bool bias = given.flag("attention_bias", false);
  for (auto& [attends, feeds] : made.layers) {
    attends.kv_heads = attends.heads;
    attends.head_dim = given.number("qk_nope_head_dim", 128);
    attends.rotary_dim = given.number("qk_rope_head_dim", 64);
    attends.value_dim = given.number("v_head_dim", 128);
    attends.latent_dim = given.number("kv_lora_rank", 512);
    attends.query_latent_dim =  // null is how the smaller models say that there is none
        given.number("q_lora_rank", given.mentions("q_lora_rank") ? 0 : 1536);
    attends.qkv_bias = attends.output_bias = bias;
  }
  const auto first = given.number("first_k_dense_replace", third ? 3 : 0);
  const auto step = given.number("moe_layer_freq", 1);
  if (step == 0) given.refuse("moe_layer_freq", "at least 1");
  const bool score_bias = given.text("topk_method", third ? "noaux_tc" : "greedy") == "noaux_tc";
  set_experts(made,
              {.width = width,
               .experts = given.number("n_routed_experts", third ? 256 : 64),
               .top_k = given.number("num_experts_per_tok", third ? 8 : 0),
               .shared_width = width * given.number("n_shared_experts", third ? 1 : 2),
               .score_bias = score_bias},
              [=](std::size_t i) { return i >= first && i % step == 0; });
  return made;
}

struct family {
  std::string_view name;
  architecture (*read)(const fields&);
};

constexpr std::array families{
    family{"llama", read_plain_llama},
    family{"mistral", read_mistral},
    family{"mixtral", read_mixtral},
    family{"qwen2", read_qwen2},
    family{"qwen2_moe", read_qwen2_moe},
    family{"qwen3", read_qwen3},
    family{"qwen3_moe", read_qwen3_moe},
    family{"gemma", read_gemma},
    family{"gemma2", read_gemma2},
    family{"gemma3", read_gemma3},
    family{"gemma3_text", read_gemma3},
    family{"phi3", read_phi3},
    family{"gpt2", read_gpt2},
    family{"opt", read_opt},
    family{"deepseek_v2", [](const fields& given) { return read_deepseek(given, false); }},
    family{"deepseek_v3", [](const fields& given) { return read_deepseek(given, true); }},
};

architecture read_family(const std::string& type, const fields& given) {
  std::string known;
  for (const auto& each : families) {
    if (each.name == type) return each.read(given);
    known.append(known.empty() ? "" : ", ").append(each.name);
  }
  given.refuse("model_type", "one of " + known);
}

// SigLIP with the projector of Gemma 3.
std::uint64_t vision_parameters(const fields& given, std::uint64_t hidden) {
  const std::uint64_t width = given.number("hidden_size", 768);
  const std::uint64_t inner = given.number("intermediate_size", 3072);
  const std::uint64_t patch = given.number("patch_size", 16);
  const std::uint64_t side = given.number("image_size", 224) / std::max<std::uint64_t>(patch, 1);
  const auto layer = 4 * (width * width + width) + 2 * width * inner + inner + width + 4 * width;
  return given.number("num_hidden_layers", 12) * layer + 2 * width +
         given.number("num_channels", 3) * patch * patch * width + width + side * side * width +
         width * hidden + width;
}

// What a quantised checkpoint stores its matrices in.
kvfolio::model::weight_formats formats_of(const fields& given, dtype type) {
  auto formats = kvfolio::model::uniform(type);
  if (!given.has("quantization_config")) return formats;
  const auto how = given.inside("quantization_config");
  const auto method = how.text("quant_method", "");
  namespace known = kvfolio::model::formats;
  if (method == "fp8") {
    formats.matrices =
        how.has("weight_block_size") ? known::fp8_block_128 : kvfolio::model::plain(dtype::f8);
  } else if ((method == "gptq" || method == "awq") && how.number("bits", 4) == 4 &&
             how.number("group_size", 128) == 128) {
    formats.matrices = known::int4_group_128;
  } else if (method == "bitsandbytes" && how.flag("load_in_4bit", false)) {
    formats.matrices =
        how.flag("bnb_4bit_use_double_quant", false) ? known::nf4_double : known::nf4;
  } else if (method == "mxfp4") {
    formats.matrices = known::mxfp4;
  } else {
    how.refuse("quant_method",
               "fp8, gptq or awq of 4 bits in groups of 128, bitsandbytes of 4 "
               "bits, or mxfp4; choose --dtype or --weights to do without");
  }
  return formats;
}

}  // namespace

dtype dtype_named(std::string_view name) {
  if (name.starts_with("torch.")) name.remove_prefix(6);
  std::string known;
  for (const auto& [text, type] : type_names) {
    if (text == name) return type;
    known.append(known.empty() ? "" : ", ").append(text);
  }
  throw bad_config(fmt::format("no type is called {}; there are {}", name, known));
}

std::string_view name_of(dtype type) {
  return std::ranges::find(type_names, type, [](const auto& each) { return each.second; })->first;
}

configured_model parse_config(std::string_view text, const std::string& name) {
  const auto parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) throw bad_config(name + ": is no JSON");
  const fields outer{parsed, name};
  const bool nested = outer.has("text_config");
  const auto given = nested ? outer.inside("text_config") : outer;
  auto type = given.text("model_type", outer.text("model_type", ""));
  configured_model made{read_family(type, given), dtype::f32, {}};
  if (nested && outer.has("tie_word_embeddings")) {
    made.model.tied = outer.flag("tie_word_embeddings", true);
  }
  if (nested && outer.has("vision_config")) {
    made.vision_parameters = vision_parameters(outer.inside("vision_config"), made.model.hidden);
  }
  for (const auto* key : {"torch_dtype", "dtype"}) {
    const auto stored = given.text(key, outer.text(key, ""));
    if (!stored.empty()) made.type = dtype_named(stored);
  }
  made.formats = formats_of(outer, made.type);
  try {
    check(made.model);
  } catch (const std::invalid_argument& problem) {
    throw bad_config(name + ": " + problem.what());
  }
  return made;
}

configured_model load_config(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw bad_config("cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  return parse_config(text, path);
}

}  // namespace plan
