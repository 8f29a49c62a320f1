// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <plan/config_reader.hpp>

namespace plan::test {
namespace {

namespace km = kvfolio::model;

// A published config.json, without the fields that decide nothing here, and the parameters of its
// published checkpoint.
struct published {
  std::string_view name;
  std::uint64_t parameters;
  std::uint64_t kv_bytes_per_token;
  std::string_view text;
};

constexpr published known[] = {
    {"Llama-2-7b", 6'738'415'616, 524'288,
     R"({"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008,
         "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32,
         "vocab_size": 32000, "tie_word_embeddings": false, "torch_dtype": "float16"})"},
    {"Llama-3.1-8B", 8'030'261'248, 131'072,
     R"({"model_type": "llama", "attention_bias": false, "hidden_size": 4096,
         "intermediate_size": 14336, "mlp_bias": false, "num_attention_heads": 32,
         "num_hidden_layers": 32, "num_key_value_heads": 8, "pretraining_tp": 1,
         "rope_scaling": {"factor": 8.0}, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
         "vocab_size": 128256})"},
    {"Llama-3.2-1B", 1'235'814'400, 32'768,
     R"({"model_type": "llama", "head_dim": 64, "hidden_size": 2048, "intermediate_size": 8192,
         "num_attention_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8,
         "tie_word_embeddings": true, "torch_dtype": "bfloat16", "vocab_size": 128256})"},
    {"Mistral-7B-v0.1", 7'241'732'096, 131'072,
     R"({"model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336,
         "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
         "sliding_window": 4096, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
         "vocab_size": 32000})"},
    {"Mistral-Nemo", 12'247'782'400, 163'840,
     R"({"model_type": "mistral", "head_dim": 128, "hidden_size": 5120,
         "intermediate_size": 14336, "num_attention_heads": 32, "num_hidden_layers": 40,
         "num_key_value_heads": 8, "sliding_window": null, "tie_word_embeddings": false,
         "torch_dtype": "bfloat16", "vocab_size": 131072})"},
    {"Mixtral-8x7B", 46'702'792'704, 131'072,
     R"({"model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336,
         "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 32,
         "num_key_value_heads": 8, "num_local_experts": 8, "sliding_window": null,
         "tie_word_embeddings": false, "torch_dtype": "bfloat16", "vocab_size": 32000})"},
    {"Qwen2.5-7B", 7'615'616'512, 57'344,
     R"({"model_type": "qwen2", "hidden_size": 3584, "intermediate_size": 18944,
         "max_window_layers": 28, "num_attention_heads": 28, "num_hidden_layers": 28,
         "num_key_value_heads": 4, "sliding_window": 131072, "tie_word_embeddings": false,
         "torch_dtype": "bfloat16", "use_sliding_window": false, "vocab_size": 152064})"},
    {"Qwen2.5-0.5B", 494'032'768, 12'288,
     R"({"model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864,
         "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2,
         "tie_word_embeddings": true, "torch_dtype": "bfloat16", "vocab_size": 151936})"},
    {"Qwen3-0.6B", 596'049'920, 114'688,
     R"({"model_type": "qwen3", "attention_bias": false, "head_dim": 128, "hidden_size": 1024,
         "intermediate_size": 3072, "num_attention_heads": 16, "num_hidden_layers": 28,
         "num_key_value_heads": 8, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
         "vocab_size": 151936})"},
    {"Qwen3-30B-A3B", 30'532'122'624, 98'304,
     R"({"model_type": "qwen3_moe", "attention_bias": false, "decoder_sparse_step": 1,
         "head_dim": 128, "hidden_size": 2048, "intermediate_size": 6144, "mlp_only_layers": [],
         "moe_intermediate_size": 768, "num_attention_heads": 32, "num_experts": 128,
         "num_experts_per_tok": 8, "num_hidden_layers": 48, "num_key_value_heads": 4,
         "tie_word_embeddings": false, "torch_dtype": "bfloat16", "vocab_size": 151936})"},
    {"Gemma-2-2b", 2'614'341'888, 106'496,
     R"({"model_type": "gemma2", "head_dim": 256, "hidden_size": 2304, "intermediate_size": 9216,
         "num_attention_heads": 8, "num_hidden_layers": 26, "num_key_value_heads": 4,
         "sliding_window": 4096, "torch_dtype": "bfloat16", "vocab_size": 256000})"},
    {"Gemma-2-27b", 27'227'128'320, 376'832,
     R"({"model_type": "gemma2", "head_dim": 128, "hidden_size": 4608, "intermediate_size": 36864,
         "num_attention_heads": 32, "num_hidden_layers": 46, "num_key_value_heads": 16,
         "torch_dtype": "bfloat16", "vocab_size": 256000})"},
    {"Gemma-3-270m", 268'098'176, 18'432,
     R"({"model_type": "gemma3_text", "_sliding_window_pattern": 6, "head_dim": 256,
         "hidden_size": 640, "intermediate_size": 2048, "num_attention_heads": 4,
         "num_hidden_layers": 18, "num_key_value_heads": 1, "sliding_window": 512,
         "torch_dtype": "bfloat16", "vocab_size": 262144})"},
    {"Gemma-3-27b", 27'009'346'304, 507'904,
     R"({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "head_dim": 128,
         "hidden_size": 5376, "intermediate_size": 21504, "num_attention_heads": 32,
         "num_hidden_layers": 62, "num_key_value_heads": 16, "sliding_window": 1024},
         "torch_dtype": "bfloat16", "vision_config": {"hidden_size": 1152, "image_size": 896,
         "intermediate_size": 4304, "num_hidden_layers": 27, "patch_size": 14}})"},
    {"Phi-3-mini-4k", 3'821'079'552, 393'216,
     R"({"model_type": "phi3", "hidden_size": 3072, "intermediate_size": 8192,
         "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32,
         "sliding_window": 2047, "torch_dtype": "bfloat16", "vocab_size": 32064})"},
    {"gpt2", 124'439'808, 73'728,
     R"({"model_type": "gpt2", "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12,
         "n_positions": 1024, "vocab_size": 50257})"},
    {"opt-125m", 125'239'296, 36'864,
     R"({"model_type": "opt", "_remove_final_layer_norm": false, "do_layer_norm_before": true,
         "ffn_dim": 3072, "hidden_size": 768, "max_position_embeddings": 2048,
         "num_attention_heads": 12, "num_hidden_layers": 12, "torch_dtype": "float16",
         "vocab_size": 50272, "word_embed_proj_dim": 768})"},
    {"opt-350m", 331'196'416, 98'304,
     R"({"model_type": "opt", "_remove_final_layer_norm": false, "do_layer_norm_before": false,
         "ffn_dim": 4096, "hidden_size": 1024, "max_position_embeddings": 2048,
         "num_attention_heads": 16, "num_hidden_layers": 24, "torch_dtype": "float16",
         "vocab_size": 50272, "word_embed_proj_dim": 512})"},
    {"DeepSeek-V2-Lite", 15'706'484'224, 31'104,
     R"({"model_type": "deepseek_v2", "first_k_dense_replace": 1, "hidden_size": 2048,
         "intermediate_size": 10944, "kv_lora_rank": 512, "moe_intermediate_size": 1408,
         "moe_layer_freq": 1, "n_routed_experts": 64, "n_shared_experts": 2,
         "num_attention_heads": 16, "num_experts_per_tok": 6, "num_hidden_layers": 27,
         "num_key_value_heads": 16, "q_lora_rank": null, "qk_nope_head_dim": 128,
         "qk_rope_head_dim": 64, "topk_method": "greedy", "torch_dtype": "bfloat16",
         "v_head_dim": 128, "vocab_size": 102400})"},
    {"DeepSeek-V2", 235'741'434'880, 69'120,
     R"({"model_type": "deepseek_v2", "first_k_dense_replace": 1, "hidden_size": 5120,
         "intermediate_size": 12288, "kv_lora_rank": 512, "moe_intermediate_size": 1536,
         "moe_layer_freq": 1, "n_routed_experts": 160, "n_shared_experts": 2,
         "num_attention_heads": 128, "num_experts_per_tok": 6, "num_hidden_layers": 60,
         "num_key_value_heads": 128, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
         "qk_rope_head_dim": 64, "topk_method": "group_limited_greedy",
         "torch_dtype": "bfloat16", "v_head_dim": 128, "vocab_size": 102400})"},
    {"DeepSeek-V3", 671'026'419'200, 70'272,
     R"({"model_type": "deepseek_v3", "first_k_dense_replace": 3, "hidden_size": 7168,
         "intermediate_size": 18432, "kv_lora_rank": 512, "moe_intermediate_size": 2048,
         "moe_layer_freq": 1, "n_routed_experts": 256, "n_shared_experts": 1,
         "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 61,
         "num_key_value_heads": 128, "num_nextn_predict_layers": 1, "q_lora_rank": 1536,
         "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "topk_method": "noaux_tc",
         "torch_dtype": "bfloat16", "v_head_dim": 128, "vocab_size": 129280})"},
};

TEST(config_reader, published_configurations_give_the_published_parameters) {
  for (const auto& [name, parameters, kv, text] : known) {
    const auto read = parse_config(text, std::string{name});
    EXPECT_EQ(km::parameters(read.model), parameters) << name;
    EXPECT_EQ(km::kv_bytes_per_token(read.model, read.type), kv) << name;
  }
}

TEST(config_reader, what_is_not_said_is_the_default_of_the_family) {
  EXPECT_EQ(km::parameters(parse_config(R"({"model_type": "llama"})", "x").model), 6'738'415'616U);
  EXPECT_EQ(km::parameters(parse_config(R"({"model_type": "mistral"})", "x").model),
            7'241'732'096U);
  EXPECT_EQ(km::parameters(parse_config(R"({"model_type": "gemma2"})", "x").model), 2'614'341'888U);
  EXPECT_EQ(km::parameters(parse_config(R"({"model_type": "gpt2"})", "x").model), 124'439'808U);
  EXPECT_EQ(km::parameters(parse_config(R"({"model_type": "opt"})", "x").model), 125'239'296U);
  EXPECT_EQ(km::parameters(parse_config(R"({"model_type": "phi3"})", "x").model), 3'821'079'552U);
  EXPECT_EQ(parse_config(R"({"model_type": "gpt2"})", "x").type, kvfolio::dtype::f32);
}

TEST(config_reader, null_is_not_the_default_of_the_family) {
  const auto mistral =
      parse_config(R"({"model_type": "mistral", "num_key_value_heads": null})", "x").model;
  EXPECT_EQ(mistral.layers[0].attends.kv_heads, 32U);
  EXPECT_EQ(parse_config(R"({"model_type": "mistral"})", "x").model.layers[0].attends.window,
            4096U);
  EXPECT_EQ(parse_config(R"({"model_type": "mistral", "sliding_window": null})", "x")
                .model.layers[0]
                .attends.window,
            0U);
}

TEST(config_reader, layers_with_windows_are_where_the_file_says) {
  const auto gemma = parse_config(R"({"model_type": "gemma3_text", "num_hidden_layers": 3,
      "sliding_window": 9, "layer_types": ["full_attention", "sliding_attention",
      "full_attention"]})",
                                  "x")
                         .model;
  EXPECT_EQ(gemma.layers[0].attends.window, 0U);
  EXPECT_EQ(gemma.layers[1].attends.window, 9U);
  const auto qwen = parse_config(R"({"model_type": "qwen2", "num_hidden_layers": 4,
      "use_sliding_window": true, "max_window_layers": 3, "sliding_window": 9})",
                                 "x")
                        .model;
  EXPECT_EQ(qwen.layers[2].attends.window, 0U);
  EXPECT_EQ(qwen.layers[3].attends.window, 9U);
}

TEST(config_reader, the_vision_of_gemma_is_counted_beside_it) {
  for (const auto& each : known) {
    if (each.name != "Gemma-3-27b") continue;
    EXPECT_EQ(parse_config(each.text, "x").vision_parameters + each.parameters, 27'432'406'640U);
  }
}

TEST(config_reader, quantised_checkpoints_store_their_matrices_smaller) {
  const auto awq = parse_config(R"({"model_type": "llama", "torch_dtype": "float16",
      "quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128}})",
                                "x");
  EXPECT_EQ(awq.formats.matrices, km::formats::int4_group_128);
  EXPECT_EQ(awq.formats.embedding, km::plain(kvfolio::dtype::f16));
  const auto fp8 = parse_config(R"({"model_type": "deepseek_v3", "torch_dtype": "bfloat16",
      "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}})",
                                "x");
  EXPECT_EQ(fp8.formats.matrices, km::formats::fp8_block_128);
}

void expect_refused(std::string_view text, std::string_view because) {
  try {
    static_cast<void>(parse_config(text, "a file"));
    ADD_FAILURE() << "accepted: " << text;
  } catch (const bad_config& problem) {
    EXPECT_NE(std::string_view{problem.what()}.find(because), std::string_view::npos)
        << problem.what();
  }
}

TEST(config_reader, what_cannot_be_read_is_refused_with_its_field) {
  expect_refused("{", "a file: is no JSON");
  expect_refused("[]", "is no JSON object");
  expect_refused("{}", "model_type is missing; expected one of llama");
  expect_refused(R"({"model_type": "bert"})", "model_type is \"bert\"");
  expect_refused(R"({"model_type": "llama", "hidden_size": -1})", "hidden_size is -1");
  expect_refused(R"({"model_type": "llama", "hidden_size": 1.5})", "hidden_size is 1.5");
  expect_refused(R"({"model_type": "llama", "num_attention_heads": 0})", "at least 1");
  expect_refused(R"({"model_type": "llama", "num_hidden_layers": 0})", "layers of at least 1");
  expect_refused(R"({"model_type": "llama", "num_key_value_heads": 5})", "a divisor of 32");
  expect_refused(R"({"model_type": "llama", "tie_word_embeddings": 1})", "true or false");
  expect_refused(R"({"model_type": "llama", "torch_dtype": "complex64"})", "no type is called");
  expect_refused(R"({"model_type": "gemma2", "layer_types": ["full_attention"]})", "26 layers");
  expect_refused(R"({"model_type": "llama", "quantization_config": {"quant_method": "x"}})",
                 "quant_method is \"x\"");
  EXPECT_THROW(static_cast<void>(load_config("/no/such/file")), bad_config);
}

}  // namespace
}  // namespace plan::test
