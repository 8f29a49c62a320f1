// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/tensor_layout.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// What every `tensor_layout` promises: every byte of every token has one place, rows are whole
/// chunks, and pieces are what they say. Instantiate once per policy.
template <class L>
class tensor_layout_conformance : public testing::Test {
 protected:
  static constexpr std::size_t chunk_bytes = 4'096;

  static std::vector<model::cache_shape> shapes() {
    return {model::grouped_query(3, 2, 16, dtype::f16),
            model::grouped_query(2, 1, 12, dtype::f32),  // 48 bytes: three quarters
            model::latent(2, 24, 8, dtype::f16),
            model::with_scales(model::grouped_query(2, 2, 16, dtype::i4), 4)};
  }
  static std::vector<std::vector<std::byte>> memory(const L& layout, std::size_t rows) {
    std::vector<std::vector<std::byte>> made(layout.tensors());
    for (std::uint32_t tensor = 0; tensor < layout.tensors(); ++tensor) {
      made[tensor].resize(rows * layout.chunks(tensor) * chunk_bytes);
    }
    return made;
  }
  // Calls `visit(tensor, offset)` for each byte of `token`, by the views that kernels get.
  template <class Visit>
  static void for_each_byte(const L& layout, std::size_t token, std::size_t tokens, Visit visit) {
    for (std::uint32_t layer = 0; layer < layout.shape().layers; ++layer) {
      for (const auto part : vm::all_parts) {
        if (vm::part_bytes(layout.shape(), part) == 0) continue;
        std::byte origin{};  // of addresses that nobody reads
        const auto view = vm::view_of(layout, &origin, part, layer, tokens);
        const auto& strides = view.strides();
        const auto place = layout.place(part, layer);
        const auto block = L::in_blocks ? place.block_tokens : tokens;
        auto start = place.offset + token % block * strides[L::in_blocks ? 1 : 0];
        if (L::in_blocks) start += token / block * strides[0];
        for (std::size_t head = 0; head < layout.shape().kv_heads; ++head) {
          for (std::size_t i = 0; i < view.extents().back(); ++i) {
            visit(place.tensor, start + head * strides[strides.size() - 2] + i);
          }
        }
      }
    }
  }
};

TYPED_TEST_SUITE_P(tensor_layout_conformance);

TYPED_TEST_P(tensor_layout_conformance, rows_are_whole_chunks_and_no_byte_is_padding) {
  for (const auto& shape : this->shapes()) {
    const TypeParam layout{shape, this->chunk_bytes};
    std::size_t bytes = 0;
    for (std::uint32_t tensor = 0; tensor < layout.tensors(); ++tensor) {
      ASSERT_GT(layout.chunks(tensor), 0U);
      bytes += layout.chunks(tensor) * this->chunk_bytes;
    }
    EXPECT_EQ(bytes, shape.bytes_per_token() * layout.tokens_per_row());
    EXPECT_EQ(layout.shape(), shape);
  }
}

TYPED_TEST_P(tensor_layout_conformance, every_byte_of_every_token_has_one_place_in_its_row) {
  for (const auto& shape : this->shapes()) {
    const TypeParam layout{shape, this->chunk_bytes};
    const std::size_t row = layout.tokens_per_row();
    auto seen = this->memory(layout, 2);
    for (std::size_t token = 0; token < 2 * row; ++token) {
      std::size_t outside = 0;
      std::size_t twice = 0;
      this->for_each_byte(layout, token, 2 * row, [&](std::uint32_t tensor, std::size_t offset) {
        const auto row_bytes = layout.chunks(tensor) * this->chunk_bytes;
        outside += offset / row_bytes != token / row ? 1 : 0;
        twice += std::exchange(seen.at(tensor).at(offset), std::byte{1}) != std::byte{} ? 1 : 0;
      });
      ASSERT_EQ(outside, 0U) << "token " << token << " lies in another row";
      ASSERT_EQ(twice, 0U) << "token " << token;
    }
    for (const auto& tensor : seen) {
      EXPECT_EQ(std::count(tensor.begin(), tensor.end(), std::byte{}), 0);
    }
  }
}

TYPED_TEST_P(tensor_layout_conformance, pieces_are_the_bytes_of_their_tokens) {
  for_each_seed([this](std::mt19937& rng) {
    for (const auto& shape : this->shapes()) {
      const TypeParam layout{shape, this->chunk_bytes};
      const std::size_t tokens = 2 * layout.tokens_per_row();
      for (int i = 0; i < 4; ++i) {
        const auto first = rng() % tokens;
        const auto count = rng() % std::min<std::size_t>(tokens - first + 1, 100);
        auto expected = this->memory(layout, 2);
        for (auto token = first; token < first + count; ++token) {
          this->for_each_byte(layout, token, tokens, [&](std::uint32_t tensor, std::size_t offset) {
            expected[tensor][offset] = std::byte{1};
          });
        }
        auto found = this->memory(layout, 2);
        layout.for_each_piece(
            first, count, [&](std::uint32_t tensor, std::size_t offset, std::size_t bytes) {
              for (auto at = offset; at < offset + bytes; ++at) {
                ASSERT_EQ(std::exchange(found.at(tensor).at(at), std::byte{1}), std::byte{});
              }
            });
        ASSERT_EQ(found, expected) << count << " tokens from " << first;
      }
    }
  });
}

TYPED_TEST_P(tensor_layout_conformance, what_cannot_be_stored_is_refused) {
  const auto shape = model::grouped_query(1, 1, 8, dtype::f16);
  EXPECT_THROW((TypeParam{model::cache_shape{}, 4'096}), std::invalid_argument);
  EXPECT_THROW((TypeParam{shape, 0}), std::invalid_argument);
  EXPECT_THROW(
      (TypeParam{model::grouped_query(1, 1, 9, dtype::f16), (std::size_t{1} << 32U) * 8'191}),
      std::length_error);
}

REGISTER_TYPED_TEST_SUITE_P(tensor_layout_conformance, rows_are_whole_chunks_and_no_byte_is_padding,
                            every_byte_of_every_token_has_one_place_in_its_row,
                            pieces_are_the_bytes_of_their_tokens, what_cannot_be_stored_is_refused);

}  // namespace kvfolio::test
