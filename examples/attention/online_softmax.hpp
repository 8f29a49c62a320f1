// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

namespace attention {

namespace detail {
// Eight sums, as many as a vector register holds, in an order that no compiler may change.
inline float dot(const float* one, const float* other, std::size_t size) noexcept {
  std::array<float, 8> sums{};
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += one[i + lane] * other[i + lane];
  }
  for (std::size_t lane = 0; i < size; ++i, ++lane) sums[lane] += one[i] * other[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

// Adds the weighted values of some tokens to `Lanes` elements of a sum: first among themselves, so
// that errors grow with the number of calls and not of tokens.
template <std::size_t Lanes>
void add_weighted(std::span<const float> weights, const float* values, std::size_t stride,
                  float* sum) noexcept {
  std::array<float, Lanes> part{};
  for (const auto weight : weights) {
    for (std::size_t lane = 0; lane < Lanes; ++lane) part[lane] += weight * values[lane];
    values += stride;
  }
  for (std::size_t lane = 0; lane < Lanes; ++lane) sum[lane] += part[lane];
}
}  // namespace detail

/// `softmax(scale * queries * keys^T) * values` in one pass over the keys and values, for a group
/// of queries that share them (Milakov and Gimelshein, "Online normalizer calculation for softmax",
/// 2018; Dao et al., "FlashAttention", 2022).
///
/// Weights are relative to the largest logit so far, so that none overflows; when a larger one
/// comes, what was summed is scaled down. All in f32; powers are of two, and the logarithm of e is
/// in the scale. O(queries * tokens * dimension), one owner thread.
class online_softmax {
 public:
  /// For `queries`, `[group, key_dim]`, and values of `value_dim`.
  online_softmax(std::span<const float> queries, std::size_t key_dim, std::size_t value_dim,
                 float scale)
      : key_dim_{key_dim},
        value_dim_{value_dim},
        queries_(queries.begin(), queries.end()),
        largest_(queries.size() / key_dim, -std::numeric_limits<float>::infinity()),
        total_(largest_.size()),
        weighted_(largest_.size() * value_dim) {
    for (auto& each : queries_) each *= scale * std::numbers::log2e_v<float>;
  }

  /// Most tokens of one call of `add`.
  static constexpr std::size_t most_tokens = 16;

  /// Attends to `tokens` more: their keys `[tokens, key_dim]` and values `[tokens, value_dim]`.
  /// Precondition: `tokens` is from 1 to `most_tokens`.
  void add(const float* keys, const float* values, std::size_t tokens) noexcept {
    for (std::size_t query = 0; query < largest_.size(); ++query) {
      std::array<float, most_tokens> weights{};
      auto largest = largest_[query];
      for (std::size_t i = 0; i < tokens; ++i) {
        weights[i] = detail::dot(&queries_[query * key_dim_], keys + i * key_dim_, key_dim_);
        largest = std::max(largest, weights[i]);
      }
      auto* const sum = &weighted_[query * value_dim_];
      if (largest > largest_[query]) {
        const auto shrink = std::exp2(largest_[query] - largest);
        largest_[query] = largest;
        total_[query] *= shrink;
        for (std::size_t i = 0; i < value_dim_; ++i) sum[i] *= shrink;
      }
      float part = 0;
      for (std::size_t i = 0; i < tokens; ++i) {
        weights[i] = std::exp2(weights[i] - largest);
        part += weights[i];
      }
      total_[query] += part;
      const auto used = std::span{weights}.first(tokens);
      std::size_t i = 0;
      for (; i + 8 <= value_dim_; i += 8) {
        detail::add_weighted<8>(used, values + i, value_dim_, sum + i);
      }
      for (; i < value_dim_; ++i) detail::add_weighted<1>(used, values + i, value_dim_, sum + i);
    }
  }

  /// Writes `[group, value_dim]`: zeros, if there was no token.
  void finish(float* output) const noexcept {
    for (std::size_t query = 0; query < largest_.size(); ++query) {
      const auto total = total_[query];
      for (std::size_t i = 0; i < value_dim_; ++i) {
        const auto place = query * value_dim_ + i;
        output[place] = total == 0 ? 0 : weighted_[place] / total;
      }
    }
  }

 private:
  std::size_t key_dim_;
  std::size_t value_dim_;
  std::vector<float> queries_;   // scaled
  std::vector<float> largest_;   // by query: logit
  std::vector<float> total_;     // by query: of the weights
  std::vector<float> weighted_;  // by query: sum of the values
};

}  // namespace attention
