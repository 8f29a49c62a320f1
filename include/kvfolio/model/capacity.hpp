// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/model/architecture.hpp>

namespace kvfolio::model {

inline constexpr std::uint64_t gigabyte = 1'000'000'000;           ///< GB, as cards are sold
inline constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;  ///< GiB, as drivers report

/// Thrown when memory does not suffice; `what()` says by how much, and what would help.
class not_enough_memory : public std::invalid_argument {
 public:
  /// \param missing bytes \param message for people, without the library's name
  not_enough_memory(std::uint64_t missing, const std::string& message)
      : std::invalid_argument{"kvfolio: " + message + "; " + std::to_string(missing) +
                              " bytes are missing"},
        missing_{missing} {}
  /// Bytes.
  [[nodiscard]] std::uint64_t missing() const noexcept { return missing_; }

 private:
  std::uint64_t missing_;
};

/// What one device holds, in the four parts that people ask for.
struct memory_parts {
  std::uint64_t weights = 0;      ///< with padding
  std::uint64_t kv = 0;           ///< keys, values and states
  std::uint64_t activations = 0;  ///< and temporaries: the peak of a pass, logits
  std::uint64_t overhead = 0;     ///< and fragmentation: context, graphs, buffers of collectives

  /// Their sum.
  [[nodiscard]] constexpr std::uint64_t total() const noexcept {
    return weights + kv + activations + overhead;
  }
};

/// Returns `parts` with activations and overhead as fractions of the total, which is how the
/// literature gives them. Rounded to bytes.
/// \throws std::invalid_argument unless both are 0 or more, and their sum is below 1
[[nodiscard]] inline memory_parts with_fractions(memory_parts parts, double activations,
                                                 double overhead) {
  if (!(activations >= 0 && overhead >= 0 && activations + overhead < 1)) {
    throw std::invalid_argument(
        "kvfolio: activations and overhead are fractions of the total; 0.1 and 0.2, say");
  }
  const auto total = static_cast<double>(parts.weights + parts.kv) / (1 - activations - overhead);
  parts.activations = static_cast<std::uint64_t>(std::llround(total * activations));
  parts.overhead = static_cast<std::uint64_t>(std::llround(total * overhead));
  return parts;
}

/// What one layer keeps.
struct cached_layer {
  std::uint64_t token_bytes = 0;  ///< of each token that it keeps
  std::uint32_t window = 0;       ///< tokens that it reads; 0: all
  std::uint64_t state_bytes = 0;  ///< of each sequence, however long
};

/// Returns what the layers of the whole model keep.
[[nodiscard]] inline std::vector<cached_layer> cached_layers(const architecture& model,
                                                             dtype type) {
  std::vector<cached_layer> layers;
  for (const auto& [attends, feeds] : model.layers) {
    const auto bytes = kv_shape(attends, attends.kv_heads, type).bytes_per_token();
    layers.push_back(attends.is_state() ? cached_layer{0, 0, bytes}
                                        : cached_layer{bytes, attends.window, 0});
  }
  return layers;
}

/// How sequences are stored and computed.
struct serving {
  std::uint32_t tokens_per_page = 16;   ///< of each layer
  std::uint32_t batched_tokens = 8192;  ///< most prompt tokens that one pass computes
  std::uint32_t context_ranks = 1;      ///< that share the tokens of a sequence
};

/// Returns the most bytes that a sequence of at most `tokens` tokens has at a time. A layer with a
/// window keeps what one pass may read and write, and a page more, as its beginning need not be
/// that of a page (vLLM, 2025). O(layers). Precondition: no member of `how` is 0.
[[nodiscard]] inline std::uint64_t sequence_bytes(std::span<const cached_layer> layers,
                                                  std::uint64_t tokens, const serving& how = {}) {
  KVFOLIO_EXPECTS(how.tokens_per_page != 0 && how.context_ranks != 0);
  const auto here = ceil_div(tokens, std::uint64_t{how.context_ranks});
  const std::uint64_t page = how.tokens_per_page;
  std::uint64_t sum = 0;
  for (const auto& layer : layers) {
    auto pages = ceil_div(here, page);
    if (layer.window != 0) {
      const auto span = std::uint64_t{layer.window} - 1 + how.batched_tokens;
      pages = std::min(pages, ceil_div(std::min(span, here), page) + 1);
    }
    sum += pages * page * layer.token_bytes + layer.state_bytes;
  }
  return sum;
}

/// Returns how many sequences of `tokens` tokens a pool holds. 0 if not one.
[[nodiscard]] inline std::uint64_t largest_batch(std::uint64_t pool,
                                                 std::span<const cached_layer> layers,
                                                 std::uint64_t tokens, const serving& how = {}) {
  const auto each = sequence_bytes(layers, tokens, how);
  return each == 0 ? 0 : pool / each;
}

/// Returns how many tokens each of `sequences` sequences may have so that a pool holds them, at
/// most `most`. 0 if not one each. O(layers log most). Precondition: `sequences > 0`.
[[nodiscard]] inline std::uint64_t longest_context(std::uint64_t pool,
                                                   std::span<const cached_layer> layers,
                                                   std::uint64_t sequences, std::uint64_t most,
                                                   const serving& how = {}) {
  KVFOLIO_EXPECTS(sequences != 0);
  std::uint64_t fits = 0;
  for (auto step = std::uint64_t{1} << 62U; step != 0; step /= 2) {
    if (fits + step > most) continue;
    if (sequence_bytes(layers, fits + step, how) <= pool / sequences) fits += step;
  }
  return fits;
}

/// Returns the bytes of a pool by vLLM's rule: a fraction of all memory of a device, less what is
/// used beside the pool: weights, the peak of a pass, and the rest.
/// \throws not_enough_memory if nothing is left \throws std::invalid_argument unless
/// `0 < utilization <= 1`
[[nodiscard]] inline std::uint64_t vllm_pool(std::uint64_t total, double utilization,
                                             const memory_parts& used) {
  if (!(utilization > 0 && utilization <= 1)) {
    throw std::invalid_argument("kvfolio: gpu_memory_utilization is in (0, 1]; 0.9 is usual");
  }
  const auto usable = static_cast<std::uint64_t>(static_cast<double>(total) * utilization);
  const auto taken = used.weights + used.activations + used.overhead;
  if (taken >= usable) {
    throw not_enough_memory(taken - usable + 1,
                            "no memory is left for the cache; raise gpu_memory_utilization, "
                            "quantise the weights, or cut the model between more devices");
  }
  return usable - taken;
}

/// Returns the bytes of a pool by TensorRT-LLM's rule: a fraction of what is *free* once the model
/// is loaded, and if `max_tokens` is given no more than these need. \throws std::invalid_argument
/// unless `0 < fraction <= 1`
[[nodiscard]] inline std::uint64_t trtllm_pool(std::uint64_t free, double fraction,
                                               std::uint64_t max_tokens = 0,
                                               std::uint64_t token_bytes = 0) {
  if (!(fraction > 0 && fraction <= 1)) {
    throw std::invalid_argument("kvfolio: free_gpu_memory_fraction is in (0, 1]; 0.9 is usual");
  }
  const auto share = static_cast<std::uint64_t>(static_cast<double>(free) * fraction);
  return max_tokens == 0 ? share : std::min(share, checked_mul(max_tokens, token_bytes));
}

/// Returns the pages of a pool, each with `tokens_per_page` tokens of all of `layers` layers of
/// `token_bytes` bytes each. Precondition: none of them is 0.
[[nodiscard]] constexpr std::uint64_t pool_pages(std::uint64_t pool, std::uint64_t layers,
                                                 std::uint64_t token_bytes,
                                                 std::uint64_t tokens_per_page) noexcept {
  KVFOLIO_EXPECTS(layers != 0 && token_bytes != 0 && tokens_per_page != 0);
  return pool / (tokens_per_page * token_bytes) / layers;
}

/// How layers of several types share pages of one size.
struct layer_groups {
  std::uint32_t layers_each = 0;      ///< in a group; a page serves as many layers
  std::vector<std::uint32_t> groups;  ///< of each type, in the order given
  std::uint32_t padding = 0;          ///< layers that groups have room for and nobody uses
};

/// Returns the groups of layers of several types, `counts` of each: as many in a group as the
/// rarest type has; or as the most frequent has, if that is less than half as many again (vLLM,
/// 2025). \throws std::invalid_argument unless every type has layers
[[nodiscard]] inline layer_groups group_layers(std::span<const std::uint32_t> counts) {
  if (counts.empty() || std::ranges::find(counts, 0U) != counts.end()) {
    throw std::invalid_argument("kvfolio: a type without layers; leave it out");
  }
  const auto [least, most] = std::ranges::minmax(counts);
  layer_groups made;
  made.layers_each = 2 * std::uint64_t{most} < 3 * std::uint64_t{least} ? most : least;
  for (const auto count : counts) {
    made.groups.push_back(ceil_div(count, made.layers_each));
    made.padding += made.groups.back() * made.layers_each - count;
  }
  return made;
}

}  // namespace kvfolio::model
