// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/index_range.hpp>
#include <kvfolio/partition/stages.hpp>

namespace kvfolio::partition {

// The rules of systems that take devices for equal: who gets what does not divide. O(stages).

namespace rule {

/// vLLM: what is left over goes to the last stages but one, one layer each, because the last has
/// the head; to the first only if all others have one. \throws bad_partition if there are no
/// stages, or more than layers (vLLM leaves some empty)
[[nodiscard]] inline stages vllm(std::uint32_t layers, std::uint32_t count,
                                 empty_stages empty = empty_stages::refused) {
  if (count == 0 || layers == 0) check_stage_count(layers, count, "vllm", "");
  stages split(count, layers / count);
  for (std::uint32_t i = 2; i <= layers % count + 1; ++i) ++split[count - i];
  if (empty == empty_stages::refused) check_stage_count(layers, count, "vllm", to_text(split));
  return split;
}

/// vLLM with `VLLM_PP_LAYER_PARTITION`: as given.
/// \throws bad_partition unless there are `count` numbers above 0 whose sum is `layers`
[[nodiscard]] inline stages vllm(std::uint32_t layers, std::uint32_t count, stages given) {
  std::uint64_t sum = 0;
  for (const auto each : given) sum += each;
  if (given.size() != count || sum != layers) {
    throw bad_partition(refusal::bad_input,
                        "the partition " + to_text(given) + " has " + std::to_string(given.size()) +
                            " stages with " + std::to_string(sum) + " layers; make it " +
                            std::to_string(count) + " with " + std::to_string(layers));
  }
  return without_empty(std::move(given), "vllm", empty_stages::refused);
}

/// TensorRT-LLM: what is left over goes to the first stages, one layer each.
/// \throws bad_partition if there are no stages, or more than layers
[[nodiscard]] inline stages trtllm(std::uint32_t layers, std::uint32_t count) {
  check_stage_count(layers, count, "trtllm", "\"pp size cannot be larger than num_hidden_layers\"");
  stages split(count, layers / count);
  for (std::uint32_t i = 0; i < layers % count; ++i) ++split[i];
  return split;
}

/// DeepSpeed's `uniform`: what is left over goes to the first stages, one layer each.
/// \throws bad_partition if there are no stages, or more than layers (DeepSpeed leaves some empty)
[[nodiscard]] inline stages deepspeed_uniform(std::uint32_t layers, std::uint32_t count,
                                              empty_stages empty = empty_stages::refused) {
  if (count == 0 || layers == 0) check_stage_count(layers, count, "deepspeed", "");
  stages split(count, layers / count);
  for (std::uint32_t i = 0; i < layers % count; ++i) ++split[i];
  if (empty == empty_stages::refused) check_stage_count(layers, count, "deepspeed", to_text(split));
  return split;
}

/// What Megatron-LM lets its users say of the first and last stage.
struct megatron_options {
  std::optional<std::uint32_t> first{};  ///< layers of the first stage
  std::optional<std::uint32_t> last{};   ///< layers of the last stage
  bool count_embedding = false;          ///< the embedding counts as a layer of the first
  bool count_loss = false;               ///< the head counts as a layer of the last
};

/// Megatron-LM: all stages equal, but for those that the options name.
/// \throws bad_partition unless the others can be equal
[[nodiscard]] inline stages megatron(std::uint32_t layers, std::uint32_t count,
                                     const megatron_options& options = {}) {
  check_stage_count(layers, count, "megatron", "that layers must be divisible by stages");
  const auto refuse = [](const std::string& why) {
    throw bad_partition(refusal::not_divisible, why);
  };
  const bool uneven = options.first || options.last;
  if (uneven && (options.count_embedding || options.count_loss)) {
    throw bad_partition(refusal::bad_input,
                        "megatron takes either the layers of the first and last stage, or counts "
                        "the embedding and the loss; give one of them");
  }
  const auto named = std::uint64_t{options.first.value_or(0)} + options.last.value_or(0);
  const std::uint32_t named_stages = (options.first ? 1 : 0) + (options.last ? 1 : 0);
  if (named > layers || named_stages > count) {
    refuse("the first and the last stage have " + std::to_string(named) + " layers of " +
           std::to_string(layers) + "; give them fewer");
  }
  const auto rest = layers - static_cast<std::uint32_t>(named) + (options.count_embedding ? 1 : 0) +
                    (options.count_loss ? 1 : 0);
  const auto middle = count - named_stages;
  if (middle == 0 && rest != 0) {
    refuse("mismatch: " + std::to_string(rest) +
           " middle layers remain, but 0 middle stages; give "
           "the first and the last stage all layers, or add stages");
  }
  if (middle != 0 && rest % middle != 0) {
    refuse("megatron cannot cut " + std::to_string(rest) + " layers into " +
           std::to_string(middle) + " equal stages; " +
           std::to_string(largest_divisor(rest, middle)) +
           " would work, or name the layers of the first or the last stage");
  }
  stages split(count, middle == 0 ? 0 : rest / middle);
  if (options.first) split.front() = *options.first;
  if (options.last) split.back() = *options.last;
  for (auto* end : {options.count_embedding ? &split.front() : nullptr,
                    options.count_loss ? &split.back() : nullptr}) {
    if (end != nullptr && (*end)-- == 0) refuse("a stage that is only an embedding or a head");
  }
  return without_empty(std::move(split), "megatron", empty_stages::refused);
}

/// Megatron-LM's interleaved schedule: returns the `chunks` ranges of layers of each stage, which
/// takes every `count`-th piece.
/// \throws bad_partition unless `count * chunks` divides `layers`
[[nodiscard]] inline std::vector<std::vector<index_range>> megatron_chunks(std::uint32_t layers,
                                                                           std::uint32_t count,
                                                                           std::uint32_t chunks) {
  check_stage_count(layers, count, "megatron", "that layers must be divisible by stages");
  const auto pieces = std::uint64_t{count} * chunks;
  if (pieces == 0 || layers % pieces != 0) {
    throw bad_partition(refusal::not_divisible,
                        std::to_string(layers) + " layers are not divisible by " +
                            std::to_string(count) + " stages of " + std::to_string(chunks) +
                            " chunks; " +
                            std::to_string(largest_divisor(layers / count, std::max(1U, chunks))) +
                            " chunks could work");
  }
  const auto each = layers / pieces;
  std::vector<std::vector<index_range>> of(count);
  for (std::uint64_t piece = 0; piece < pieces; ++piece) {
    of[piece % count].push_back({piece * each, each});
  }
  return of;
}

}  // namespace rule

}  // namespace kvfolio::partition
