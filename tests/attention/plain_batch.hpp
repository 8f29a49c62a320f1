// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <vector>

#include <kvfolio/model/page_layout.hpp>

#include <attention/layout.hpp>
#include <attention/reference.hpp>
#include <attention/stored.hpp>

namespace attention {

/// Draws from the normal distribution.
inline std::function<float()> normal_numbers(std::uint32_t seed) {
  return [rng = std::mt19937{seed}, normal = std::normal_distribution<float>{}]() mutable {
    return normal(rng);
  };
}

/// So many of them.
inline std::vector<float> random_numbers(std::size_t count, std::uint32_t seed) {
  std::vector<float> numbers(count);
  std::generate(numbers.begin(), numbers.end(), normal_numbers(seed));
  return numbers;
}

/// Sequences in plain arrays, and what is in them.
class plain_batch {
 public:
  plain_batch(const geometry& shape, kv::model::token_order order,
              std::span<const std::size_t> lengths) {
    const auto draw = normal_numbers(5);
    const auto element = kv::bits_of(shape.type) / 8;
    for (const auto length : lengths) {
      history past;
      auto& bytes = bytes_.emplace_back(length * shape.kv_heads *
                                        (shape.key_dim + shape.value_dim) * element);
      const bool by_head = order == kv::model::token_order::head_major;
      const auto of_token = [&](std::size_t dim) {
        return dim * element * (by_head ? 1 : shape.kv_heads);
      };
      const auto of_head = [&](std::size_t dim) { return dim * element * (by_head ? length : 1); };
      auto* const values = bytes.data() + length * shape.kv_heads * shape.key_dim * element;
      rows_.push_back({.first = {.keys = bytes.data(),
                                 .values = values,
                                 .key_stride = of_token(shape.key_dim),
                                 .value_stride = of_token(shape.value_dim),
                                 .tokens = length},
                       .key_head = of_head(shape.key_dim),
                       .value_head = of_head(shape.value_dim)});
      const auto fill = [&](std::byte* to, std::size_t dim, std::vector<float>& into) {
        std::vector<float> numbers(dim);
        std::generate(numbers.begin(), numbers.end(), draw);
        round_and_store(shape.type, numbers, to);
        into.insert(into.end(), numbers.begin(), numbers.end());
      };
      for (std::size_t token = 0; token < length; ++token) {
        for (std::size_t head = 0; head < shape.kv_heads; ++head) {
          fill(bytes.data() + token * of_token(shape.key_dim) + head * of_head(shape.key_dim),
               shape.key_dim, past.keys);
          fill(values + token * of_token(shape.value_dim) + head * of_head(shape.value_dim),
               shape.value_dim, past.values);
        }
      }
      pasts_.push_back(std::move(past));
    }
  }

  [[nodiscard]] std::span<const plain_row> rows() const noexcept { return rows_; }
  [[nodiscard]] const history& past(std::size_t row) const { return pasts_[row]; }

 private:
  std::vector<std::vector<std::byte>> bytes_;
  std::vector<plain_row> rows_;
  std::vector<history> pasts_;
};

}  // namespace attention
