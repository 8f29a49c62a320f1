// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include <kvfolio/partition/concept.hpp>
#include <kvfolio/partition/head_cut.hpp>
#include <kvfolio/partition/index_range.hpp>

namespace sharded {

namespace kp = kvfolio::partition;

/// Sizes of a layer.
struct layer_shape {
  std::uint32_t hidden = 64;    ///< elements between layers
  std::uint32_t heads = 8;      ///< query heads
  std::uint32_t kv_heads = 2;   ///< of keys and values
  std::uint32_t head_dim = 16;  ///< elements of a head
  std::uint32_t width = 96;     ///< inner elements of the MLP
};

/// A matrix by rows.
struct matrix {
  std::size_t rows = 0;         ///< outputs
  std::size_t columns = 0;      ///< inputs
  std::vector<float> values{};  ///< `[rows, columns]`

  /// A part of it.
  [[nodiscard]] matrix part(kp::index_range of_rows, kp::index_range of_columns) const {
    matrix made{of_rows.count, of_columns.count, {}};
    for (auto row = of_rows.first; row < of_rows.end(); ++row) {
      for (auto column = of_columns.first; column < of_columns.end(); ++column) {
        made.values.push_back(values[row * columns + column]);
      }
    }
    return made;
  }
  /// Its product with `input`.
  [[nodiscard]] std::vector<float> operator()(std::span<const float> input) const {
    std::vector<float> output(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < columns; ++i) output[row] += values[row * columns + i] * input[i];
    }
    return output;
  }
};

/// The weights of one layer, or of one rank's part of it.
struct layer_weights {
  matrix query, key, value, output, gate, up, down;
};

/// Returns a layer's weights, equal for equal seeds.
[[nodiscard]] inline layer_weights random_weights(const layer_shape& shape, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  const auto make = [&random](std::size_t rows, std::size_t columns) {
    matrix made{rows, columns, std::vector<float>(rows * columns)};
    const auto scale = 2 / std::sqrt(static_cast<float>(columns));
    for (auto& each : made.values) {
      each = (static_cast<float>(random() >> 40U) * 0x1p-24F - 0.5F) * scale;
    }
    return made;
  };
  const std::size_t queries = std::size_t{shape.heads} * shape.head_dim;
  const std::size_t keys = std::size_t{shape.kv_heads} * shape.head_dim;
  return {make(queries, shape.hidden),     make(keys, shape.hidden),
          make(keys, shape.hidden),        make(shape.hidden, queries),
          make(shape.width, shape.hidden), make(shape.width, shape.hidden),
          make(shape.hidden, shape.width)};
}

/// Returns a rank's part of `whole`: rows of what makes heads and inner elements, and columns of
/// what reads them.
[[nodiscard]] inline layer_weights cut_weights(const layer_weights& whole, const layer_shape& shape,
                                               const kp::head_share& heads, kp::index_range width) {
  const auto elements = [&](const kp::index_range& of) {
    return kp::index_range{of.first * shape.head_dim, of.count * shape.head_dim};
  };
  const kp::index_range all{0, shape.hidden};
  const auto queries = elements(heads.heads);
  const auto keys = elements(heads.kv_heads);
  return {whole.query.part(queries, all),  whole.key.part(keys, all),   whole.value.part(keys, all),
          whole.output.part(all, queries), whole.gate.part(width, all), whole.up.part(width, all),
          whole.down.part(all, width)};
}

/// Returns `input` with a root mean square of 1.
[[nodiscard]] inline std::vector<float> normalised(std::span<const float> input) {
  float squares = 0;
  for (const auto each : input) squares += each * each;
  const auto scale = 1 / std::sqrt(squares / static_cast<float>(input.size()) + 1e-6F);
  std::vector<float> output(input.begin(), input.end());
  for (auto& each : output) each *= scale;
  return output;
}

/// One layer, or one rank's part of it, over keys and values that a kvfolio cache keeps.
class layer {
 public:
  /// Of `weights` with `heads` of a layer of `shape`; its keys and values are those of layer
  /// `index` of the cache.
  layer(const layer_shape& shape, layer_weights weights, const kp::head_share& heads,
        std::uint32_t index)
      : shape_{shape}, weights_{std::move(weights)}, heads_{heads}, index_{index} {}

  /// Takes the last token of `sequence`, whose hidden state is `hidden`, through the layer. The
  /// cache's layout is `layout`. Ranks sum what each has found, once after attention and once after
  /// the MLP.
  template <class Cache, class Layout, kp::communicator Communicator>
  void operator()(std::span<float> hidden, Cache& cache, const typename Cache::sequence& sequence,
                  const Layout& layout, Communicator& ranks) const {
    const auto position = sequence.length() - 1;
    const auto normal = normalised(hidden);
    const auto at = [&](std::size_t token) {
      return cache.bytes(sequence.page_at(token / layout.tokens())).data();
    };
    const auto slot = [&](std::size_t token) {
      return static_cast<std::uint32_t>(token % layout.tokens());
    };
    const auto keys = weights_.key(normal);
    const auto values = weights_.value(normal);
    const auto bytes = shape_.head_dim * sizeof(float);
    for (std::uint32_t head = 0; head < heads_.kv_heads.count; ++head) {
      std::memcpy(at(position) + layout.key(index_, head, slot(position)),
                  &keys[head * std::size_t{shape_.head_dim}], bytes);
      std::memcpy(at(position) + layout.value(index_, head, slot(position)),
                  &values[head * std::size_t{shape_.head_dim}], bytes);
    }

    const auto queries = weights_.query(normal);
    std::vector<float> attended(queries.size());
    std::vector<float> read(shape_.head_dim);
    for (std::uint32_t head = 0; head < heads_.heads.count; ++head) {
      const auto group = shape_.heads / shape_.kv_heads;
      const auto from =
          static_cast<std::uint32_t>((heads_.heads.first + head) / group - heads_.kv_heads.first);
      const auto* const query = &queries[head * std::size_t{shape_.head_dim}];
      auto* const to = &attended[head * std::size_t{shape_.head_dim}];
      std::vector<float> weight(position + 1);
      float total = 0;
      for (std::size_t token = 0; token <= position; ++token) {
        std::memcpy(read.data(), at(token) + layout.key(index_, from, slot(token)), bytes);
        float logit = 0;
        for (std::size_t i = 0; i < read.size(); ++i) logit += query[i] * read[i];
        total += weight[token] = std::exp(logit / std::sqrt(static_cast<float>(read.size())));
      }
      for (std::size_t token = 0; token <= position; ++token) {
        std::memcpy(read.data(), at(token) + layout.value(index_, from, slot(token)), bytes);
        for (std::size_t i = 0; i < read.size(); ++i) to[i] += weight[token] / total * read[i];
      }
    }
    add(hidden, weights_.output(attended), ranks);

    const auto second = normalised(hidden);
    auto inner = weights_.gate(second);
    const auto up = weights_.up(second);
    for (std::size_t i = 0; i < inner.size(); ++i) {
      inner[i] = inner[i] / (1 + std::exp(-inner[i])) * up[i];
    }
    add(hidden, weights_.down(inner), ranks);
  }

 private:
  template <class Communicator>
  static void add(std::span<float> hidden, std::vector<float> found, Communicator& ranks) {
    ranks.all_reduce(found);
    for (std::size_t i = 0; i < hidden.size(); ++i) hidden[i] += found[i];
  }

  layer_shape shape_;
  layer_weights weights_;
  kp::head_share heads_;
  std::uint32_t index_;
};

/// Returns the hidden states of so many tokens, equal for equal seeds: `[tokens, hidden]`.
[[nodiscard]] inline std::vector<float> random_tokens(const layer_shape& shape, std::size_t tokens,
                                                      std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<float> made(tokens * shape.hidden);
  for (auto& each : made) each = static_cast<float>(random() >> 40U) * 0x1p-23F - 1;
  return made;
}

/// Returns the largest difference between two results of equal size.
[[nodiscard]] inline double largest_difference(std::span<const float> one,
                                               std::span<const float> other) {
  double most = one.size() == other.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < one.size() && i < other.size(); ++i) {
    const auto here = std::abs(static_cast<double>(one[i]) - static_cast<double>(other[i]));
    most = here <= most ? most : here;  // and not a number stays one
  }
  return most;
}

}  // namespace sharded
