// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <plan/description.hpp>
#include <plan/sizes.hpp>
#include <plan/split.hpp>

namespace plan {
namespace {

namespace km = kvfolio::model;
namespace kp = kvfolio::partition;
using kvfolio::dtype;

constexpr std::uint32_t tokens_per_page = 16;

km::block_format format_named(const std::string& name) {
  namespace known = km::formats;
  static constexpr std::array<std::pair<std::string_view, km::block_format>, 18> names{
      {{"q4_0", known::q4_0},
       {"q4_1", known::q4_1},
       {"q5_0", known::q5_0},
       {"q5_1", known::q5_1},
       {"q8_0", known::q8_0},
       {"q2_k", known::q2_k},
       {"q3_k", known::q3_k},
       {"q4_k", known::q4_k},
       {"q5_k", known::q5_k},
       {"q6_k", known::q6_k},
       {"iq4_nl", known::iq4_nl},
       {"iq4_xs", known::iq4_xs},
       {"mxfp4", known::mxfp4},
       {"nvfp4", known::nvfp4},
       {"gptq", known::int4_group_128},
       {"awq", known::int4_group_128},
       {"nf4", known::nf4},
       {"fp8", known::fp8_block_128}}};
  std::string all;
  for (const auto& [text, format] : names) {
    if (text == name) return format;
    all.append(all.empty() ? "" : ", ").append(text);
  }
  throw std::invalid_argument("no format is called " + name + "; there are " + all);
}

// What the fullest rank holds with the sequences asked for, and what its pool would hold.
fit fit_of(const description& made, const arguments& given) {
  const auto cut = made.ranks.empty()
                       ? kp::model_cut{1, {static_cast<std::uint32_t>(made.of.model.layers.size())}}
                       : made.cut;
  fit fullest;
  for (std::uint32_t rank = 0; rank < cut.ranks(); ++rank) {
    const auto share = kp::share_of(made.of.model, cut, rank, made.of.formats, made.kv_type);
    const auto kept = kp::cached_layers(made.of.model, share.layers, cut.tensor, made.kv_type);
    fit each;
    each.memory = parse_bytes(given.memory);
    each.wanted.weights = share.weight_bytes + share.padding_bytes;
    each.wanted.kv = given.sequences * km::sequence_bytes(kept, given.context);
    const auto pass = std::min(given.sequences * given.context, std::uint64_t{8192});
    each.wanted.activations =
        km::activation_bytes(made.of.model, pass, cut.tensor, made.of.type) +
        (share.has_output ? km::logit_bytes(made.of.model, given.sequences, cut.tensor) : 0);
    each.wanted.overhead = parse_bytes(given.overhead);
    if (!given.fractions.empty()) {
      each.wanted = km::with_fractions(each.wanted, given.fractions[0], given.fractions[1]);
    }
    const auto beside = each.wanted.total() - each.wanted.kv;
    each.pool = given.pool_rule == "vllm" ? km::vllm_pool(each.memory, given.fraction, each.wanted)
                : beside >= each.memory
                    ? throw km::not_enough_memory(beside - each.memory + 1,
                                                  "nothing is free once the model is loaded")
                    : km::trtllm_pool(each.memory - beside, given.fraction);
    each.largest_batch = km::largest_batch(each.pool, kept, given.context);
    each.longest_context = km::longest_context(each.pool, kept, given.sequences, 1U << 30U);
    each.pages = share.kv_bytes_per_token == 0
                     ? 0
                     : each.pool / (share.kv_bytes_per_token * tokens_per_page);
    if (rank == 0 || each.largest_batch < fullest.largest_batch ||
        (each.largest_batch == fullest.largest_batch && each.pool < fullest.pool)) {
      fullest = each;
    }
  }
  return fullest;
}

}  // namespace

configured_model model_of(const arguments& given) {
  auto made = given.config.empty() ? configured_model{km::preset_named(given.model), dtype::bf16,
                                                      km::uniform(dtype::bf16)}
                                   : load_config(given.config);
  if (!given.type.empty()) {
    made.type = dtype_named(given.type);
    made.formats = km::uniform(made.type);
  }
  if (given.weights.empty()) return made;
  const auto matrices = format_named(given.weights);
  if (given.weights.starts_with('q') || given.weights.starts_with('i')) {  // of GGUF
    namespace known = km::formats;
    made.formats = km::gguf(matrices, matrices == known::q8_0 ? known::q8_0 : known::q6_k);
  } else {
    made.formats.matrices = matrices;
  }
  return made;
}

description describe(const arguments& given) {
  description made{model_of(given), dtype::bf16, {}, {}, {}};
  made.kv_type = given.kv_type.empty() ? made.of.type : dtype_named(given.kv_type);
  const auto layers = static_cast<std::uint32_t>(made.of.model.layers.size());
  if (given.tensor || given.pipeline || given.expert_parallel) {
    made.cut.tensor = given.tensor.value_or(1);
    made.cut.expert_parallel = given.expert_parallel;
    made.cut.split = split_by_rule(given, layers, given.pipeline.value_or(1)).stages;
    for (std::uint32_t rank = 0; rank < made.cut.ranks(); ++rank) {
      made.ranks.push_back(
          kp::share_of(made.of.model, made.cut, rank, made.of.formats, made.kv_type));
    }
  }
  if (!given.memory.empty()) made.fits = fit_of(made, given);
  return made;
}

std::string json_description(const description& made) {
  const auto& model = made.of.model;
  nlohmann::ordered_json out;
  out["parameters"] = km::parameters(model);
  out["active_parameters"] = km::active_parameters(model);
  if (made.of.vision_parameters != 0) out["vision_parameters"] = made.of.vision_parameters;
  out["weight_bytes"] = km::weight_bytes(model, made.of.formats);
  out["kv_bytes_per_token"] = km::kv_bytes_per_token(model, made.kv_type);
  out["dtype"] = name_of(made.of.type);
  out["kv_dtype"] = name_of(made.kv_type);
  out["layers"] = model.layers.size();
  if (!made.ranks.empty()) {
    out["tensor_parallel"] = made.cut.tensor;
    out["stages"] = made.cut.split;
    auto ranks = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < made.ranks.size(); ++i) {
      const auto& each = made.ranks[i];
      ranks.push_back({{"rank", i},
                       {"stage", i / made.cut.tensor},
                       {"first_layer", each.layers.first},
                       {"layers", each.layers.count},
                       {"heads", each.heads},
                       {"kv_heads", each.kv_heads},
                       {"parameters", each.parameters},
                       {"padding_parameters", each.padding_parameters},
                       {"weight_bytes", each.weight_bytes},
                       {"kv_bytes_per_token", each.kv_bytes_per_token}});
    }
    out["ranks"] = ranks;
  }
  if (made.fits) {
    const auto& fits = *made.fits;
    out["capacity"] = {{"memory_bytes", fits.memory},
                       {"weights_bytes", fits.wanted.weights},
                       {"kv_bytes", fits.wanted.kv},
                       {"activation_bytes", fits.wanted.activations},
                       {"overhead_bytes", fits.wanted.overhead},
                       {"total_bytes", fits.wanted.total()},
                       {"pool_bytes", fits.pool},
                       {"pool_pages", fits.pages},
                       {"tokens_per_page", tokens_per_page},
                       {"largest_batch", fits.largest_batch},
                       {"longest_context", fits.longest_context}};
  }
  return out.dump(2) + "\n";
}

std::string table_description(const description& made) {
  const auto& model = made.of.model;
  std::string out;
  const auto line = [&out](std::string_view name, const std::string& value) {
    fmt::format_to(std::back_inserter(out), "{:<24}{}\n", name, value);
  };
  line("parameters", fmt::format("{}", km::parameters(model)));
  if (km::active_parameters(model) != km::parameters(model)) {
    line("  met by a token", fmt::format("{}", km::active_parameters(model)));
  }
  line("weights", in_both_units(km::weight_bytes(model, made.of.formats)));
  line("KV of a token", fmt::format("{} bytes, {}", km::kv_bytes_per_token(model, made.kv_type),
                                    name_of(made.kv_type)));
  for (std::size_t i = 0; i < made.ranks.size(); ++i) {
    const auto& each = made.ranks[i];
    line(fmt::format("rank {}", i),
         fmt::format("layers {}-{}, {} heads, {} KV heads, {}, {} bytes of KV a token",
                     each.layers.first, each.layers.end() - 1, each.heads, each.kv_heads,
                     in_both_units(each.weight_bytes), each.kv_bytes_per_token));
  }
  if (made.fits) {
    const auto& fits = *made.fits;
    out += made.ranks.empty() ? "\non one device\n" : "\non the fullest rank\n";
    line("  weights", in_both_units(fits.wanted.weights));
    line("  KV", in_both_units(fits.wanted.kv));
    line("  activations", in_both_units(fits.wanted.activations));
    line("  overhead", in_both_units(fits.wanted.overhead));
    line("  together", in_both_units(fits.wanted.total()));
    line("  of", in_both_units(fits.memory));
    line("pool", fmt::format("{}, {} pages of {} tokens", in_both_units(fits.pool), fits.pages,
                             tokens_per_page));
    line("largest batch", fmt::format("{} sequences", fits.largest_batch));
    line("longest context", fmt::format("{} tokens", fits.longest_context));
  }
  return out;
}

}  // namespace plan
