// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/index_range.hpp>

namespace kvfolio::partition {

/// The rows of the vocabulary on one rank.
struct vocabulary_share {
  index_range tokens;         ///< that exist
  std::uint64_t padding = 0;  ///< rows behind them that stand for no token
  /// Equal in both members.
  friend constexpr bool operator==(const vocabulary_share&, const vocabulary_share&) = default;
};

/// Returns the least multiple of `multiple * ranks` that is at least `vocabulary` (Megatron-LM; its
/// default `multiple` is 128). \throws bad_partition if any of them is 0
[[nodiscard]] inline std::uint64_t megatron_vocabulary(std::uint64_t vocabulary,
                                                       std::uint32_t ranks,
                                                       std::uint64_t multiple = 128) {
  if (vocabulary == 0 || ranks == 0 || multiple == 0) {
    throw bad_partition(refusal::bad_input,
                        "padding a vocabulary needs tokens, ranks and a multiple of at least 1");
  }
  return ceil_div(vocabulary, multiple * ranks) * (multiple * ranks);
}

/// Returns `vocabulary` padded to a multiple of 64, with `added` rows of adapters behind that,
/// padded again (vLLM, which does not look at the ranks).
/// \throws bad_partition unless `ranks` divides the result
[[nodiscard]] inline std::uint64_t vllm_vocabulary(std::uint64_t vocabulary, std::uint32_t ranks,
                                                   std::uint64_t added = 0) {
  const auto padded = megatron_vocabulary(megatron_vocabulary(vocabulary, 1, 64) + added, 1, 64);
  if (ranks == 0 || padded % ranks != 0) {
    throw bad_partition(
        refusal::not_divisible,
        "a vocabulary of " + std::to_string(padded) + " padded rows is not divisible by " +
            std::to_string(ranks) + " ranks" +
            (ranks == 0 ? ""
                        : "; " + std::to_string(largest_divisor(padded, ranks)) +
                              " would work, or padding to " +
                              std::to_string(megatron_vocabulary(vocabulary, ranks, 64))));
  }
  return padded;
}

/// Returns the least multiple of both 64 and `ranks` that is at least `vocabulary`: vLLM's answer
/// wherever it has one. Precondition: `vocabulary` and `ranks` are at least 1.
[[nodiscard]] inline std::uint64_t padded_vocabulary(std::uint64_t vocabulary,
                                                     std::uint32_t ranks) {
  const auto multiple = std::lcm(std::uint64_t{64}, std::uint64_t{ranks});
  return megatron_vocabulary(vocabulary, 1, multiple);
}

/// Returns the rows of `rank`, of `padded` in equal parts, of which the first `vocabulary` exist.
/// Precondition: `ranks` divides `padded`, `rank < ranks`.
[[nodiscard]] constexpr vocabulary_share vocabulary_cut(std::uint64_t vocabulary,
                                                        std::uint64_t padded, std::uint32_t ranks,
                                                        std::uint32_t rank) noexcept {
  KVFOLIO_EXPECTS(ranks != 0 && padded % ranks == 0 && rank < ranks);
  const auto each = padded / ranks;
  const auto first = std::min(rank * each, vocabulary);
  const auto count = std::min(each, vocabulary - first);
  return {{first, count}, each - count};
}

}  // namespace kvfolio::partition
