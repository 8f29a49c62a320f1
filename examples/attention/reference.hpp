// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kvfolio/model/cache_shape.hpp>

namespace attention {

/// The keys and values of one sequence in plain arrays: `[token, layer, kv_head, dim]`.
struct history {
  std::vector<float> keys;    ///< as they were stored, that is, rounded
  std::vector<float> values;  ///< likewise
};

/// Returns what `decode` should write for one sequence, `[query_heads, value_dim]`, in double
/// precision and in the plainest way: all logits, their softmax, the weighted sum.
[[nodiscard]] inline std::vector<double> reference(const history& past,
                                                   const kvfolio::model::cache_shape& shape,
                                                   std::uint32_t layer, std::uint32_t query_heads,
                                                   std::span<const float> queries) {
  const std::size_t entries = std::size_t{shape.layers} * shape.kv_heads;  // of a token
  const auto tokens = past.keys.size() / (entries * shape.key_dim);
  std::vector<double> output(std::size_t{query_heads} * shape.value_dim);
  for (std::size_t query = 0; tokens != 0 && query < query_heads; ++query) {
    const auto head = query / (query_heads / shape.kv_heads);
    const auto entry = [&](std::size_t token) {
      return token * entries + layer * shape.kv_heads + head;
    };
    std::vector<double> weights(tokens);
    for (std::size_t token = 0; token < tokens; ++token) {
      for (std::size_t i = 0; i < shape.key_dim; ++i) {
        weights[token] += static_cast<double>(queries[query * shape.key_dim + i]) *
                          static_cast<double>(past.keys[entry(token) * shape.key_dim + i]);
      }
      weights[token] /= std::sqrt(static_cast<double>(shape.key_dim));
    }
    const auto largest = *std::max_element(weights.begin(), weights.end());
    double total = 0;
    for (auto& weight : weights) total += weight = std::exp(weight - largest);
    for (std::size_t token = 0; token < tokens; ++token) {
      for (std::size_t i = 0; i < shape.value_dim; ++i) {
        output[query * shape.value_dim + i] +=
            weights[token] / total *
            static_cast<double>(past.values[entry(token) * shape.value_dim + i]);
      }
    }
  }
  return output;
}

/// The larger of two errors; not a number, if one of them is none.
[[nodiscard]] inline double worse(double one, double other) noexcept {
  return std::isnan(other) || other > one ? other : one;
}

/// How far a result is from what it should be.
struct deviation {
  double largest = 0;       ///< of all differences
  double relative_rms = 0;  ///< root mean square of the differences, to that of what should be
};

/// Compares `output` with `expected`, of the same size.
[[nodiscard]] inline deviation compare(std::span<const float> output,
                                       std::span<const double> expected) {
  deviation seen;
  double squares = 0;
  double scale = 0;
  for (std::size_t i = 0; i < output.size(); ++i) {
    const auto difference = std::abs(static_cast<double>(output[i]) - expected[i]);
    seen.largest = worse(seen.largest, difference);
    squares += difference * difference;
    scale += expected[i] * expected[i];
  }
  seen.relative_rms = squares == 0 ? 0 : std::sqrt(squares / scale);
  return seen;
}

}  // namespace attention
