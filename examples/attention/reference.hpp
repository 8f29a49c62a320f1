// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numbers>
#include <numeric>
#include <span>
#include <vector>

#include <attention/geometry.hpp>

namespace attention {

/// The keys and values of one sequence in plain arrays: `[token, layer, kv_head, dim]`.
struct history {
  std::vector<float> keys;    ///< as they were stored, that is, rounded
  std::vector<float> values;  ///< likewise; none where latents are both
};

/// Which of the entries of a history to read.
struct history_layer {
  std::uint32_t layers = 1;  ///< that each token has
  std::uint32_t layer = 0;   ///< to read
};

/// Returns what the query of the token at `position` should come to, `[query_heads, value_dim]`, in
/// double precision and in the plainest way: all logits, their softmax, the weighted sum. `query`
/// is `[query_heads, key_dim]`. Zeros for a history without tokens.
[[nodiscard]] inline std::vector<double> reference(const history& past, const geometry& shape,
                                                   const history_layer& of, std::size_t position,
                                                   std::span<const float> query) {
  std::vector<double> output(std::size_t{shape.query_heads} * shape.value_dim);
  std::vector<std::size_t> seen;
  for (std::size_t token = 0; token <= position && !past.keys.empty(); ++token) {
    if (token >= shape.window_begin(position) || token < shape.sinks) seen.push_back(token);
  }
  const auto factor = static_cast<double>(shape.query_factor()) / std::numbers::log2e;
  const auto entry = [&](std::size_t token, std::size_t head) {
    return (token * of.layers + of.layer) * shape.kv_heads + head;
  };
  const auto key = [&](std::size_t token, std::size_t head) {
    return &past.keys[entry(token, head) * shape.key_dim];
  };
  const auto value = [&](std::size_t token, std::size_t head) {
    return past.values.empty() ? key(token, head)
                               : &past.values[entry(token, head) * shape.value_dim];
  };
  std::vector<double> weights(seen.size());
  for (std::size_t number = 0; number < shape.query_heads && !seen.empty(); ++number) {
    const auto head = number / shape.group();
    for (std::size_t i = 0; i < seen.size(); ++i) {
      weights[i] =
          factor * std::inner_product(&query[number * shape.key_dim],
                                      &query[number * shape.key_dim] + shape.key_dim,
                                      key(seen[i], head), 0.0, std::plus<>{},
                                      [](double one, double other) { return one * other; });
    }
    const auto largest = *std::max_element(weights.begin(), weights.end());
    double total = 0;
    for (auto& weight : weights) total += weight = std::exp(weight - largest);
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const auto* const from = value(seen[i], head);
      for (std::size_t at = 0; at < shape.value_dim; ++at) {
        output[number * shape.value_dim + at] += weights[i] / total * static_cast<double>(from[at]);
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
