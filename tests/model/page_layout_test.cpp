// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/model/page_layout.hpp>

namespace kvfolio::test {
namespace {

using model::page_layout;
using model::token_order;

std::vector<page_layout> layouts() {
  std::vector<page_layout> all;
  for (const auto order : {token_order::head_major, token_order::token_major}) {
    for (const std::uint32_t tokens : {1U, 3U, 16U}) {
      all.emplace_back(model::grouped_query(2, 3, 4, dtype::f16), tokens, order);
      all.emplace_back(model::latent(3, 6, 2, dtype::i8), tokens, order);
      all.emplace_back(model::with_scales(model::grouped_query(1, 2, 8, dtype::i4), 4), tokens,
                       order);
    }
  }
  return all;
}

// Calls `visit(token, offset, bytes)` for every key, value and scale of a page.
template <class Visit>
void for_each_entry(const page_layout& layout, Visit visit) {
  const auto& shape = layout.shape();
  for (std::uint32_t layer = 0; layer < shape.layers; ++layer) {
    for (std::uint32_t head = 0; head < shape.kv_heads; ++head) {
      for (std::uint32_t token = 0; token < layout.tokens(); ++token) {
        visit(token, layout.key(layer, head, token), shape.key_bytes());
        visit(token, layout.value(layer, head, token), shape.value_bytes());
        visit(token, layout.scale(layer, head, token), std::size_t{shape.scale_bytes});
      }
    }
  }
}

TEST(page_layout, every_byte_of_a_page_belongs_to_one_entry) {
  for (const auto& layout : layouts()) {
    std::vector<int> owners(layout.bytes());
    for_each_entry(layout, [&](std::uint32_t /*token*/, std::size_t offset, std::size_t bytes) {
      for (std::size_t i = 0; i < bytes; ++i) ++owners.at(offset + i);
    });
    for (const auto count : owners) ASSERT_EQ(count, 1);
  }
}

TEST(page_layout, pieces_are_the_bytes_of_their_tokens_and_no_others) {
  for (const auto& layout : layouts()) {
    for (std::uint32_t first = 0; first <= layout.tokens(); ++first) {
      for (std::uint32_t count = 0; first + count <= layout.tokens(); ++count) {
        std::vector<int> expected(layout.bytes());
        for_each_entry(layout, [&](std::uint32_t token, std::size_t offset, std::size_t bytes) {
          if (token < first || token >= first + count) return;
          for (std::size_t i = 0; i < bytes; ++i) ++expected.at(offset + i);
        });
        std::vector<int> visited(layout.bytes());
        layout.for_each_piece(first, count, [&](std::size_t offset, std::size_t bytes) {
          EXPECT_GT(bytes, 0U);
          for (std::size_t i = 0; i < bytes; ++i) ++visited.at(offset + i);
        });
        ASSERT_EQ(visited, expected) << first << "+" << count << " of " << layout.tokens();
      }
    }
  }
}

TEST(page_layout, a_whole_page_is_one_piece) {
  for (const auto& layout : layouts()) {
    int pieces = 0;
    layout.for_each_piece(0, layout.tokens(), [&](std::size_t offset, std::size_t bytes) {
      ++pieces;
      EXPECT_EQ(offset, 0U);
      EXPECT_EQ(bytes, layout.bytes());
    });
    EXPECT_EQ(pieces, 1);
  }
}

TEST(page_layout, the_order_says_what_lies_next_to_a_key) {
  const auto shape = model::grouped_query(2, 3, 4, dtype::f16);
  const page_layout by_head{shape, 16, token_order::head_major};
  const page_layout by_token{shape, 16, token_order::token_major};
  EXPECT_EQ(by_head.key(0, 0, 1) - by_head.key(0, 0, 0), 8U) << "the next token";
  EXPECT_EQ(by_head.key(0, 1, 0) - by_head.key(0, 0, 0), 16U * 8);
  EXPECT_EQ(by_token.key(0, 1, 0) - by_token.key(0, 0, 0), 8U) << "the next head";
  EXPECT_EQ(by_token.key(0, 0, 1) - by_token.key(0, 0, 0), 3U * 8);
  EXPECT_EQ(by_head.value(0, 0, 0), 3U * 16 * 8) << "values follow the keys of their layer";
  EXPECT_EQ(by_head.key(1, 0, 0), 2U * 3 * 16 * 8) << "layers follow each other";
}

TEST(page_layout, pages_without_tokens_and_shapes_without_sense_are_refused) {
  const auto shape = model::grouped_query(1, 1, 8, dtype::f16);
  EXPECT_THROW((page_layout{shape, 0}), std::invalid_argument);
  EXPECT_THROW((page_layout{{}, 16}), std::invalid_argument);
  const model::cache_shape wide{1U << 31U, 1U << 20U, 8, 8, 16, 0};
  EXPECT_THROW((page_layout{wide, 1U << 31U}), std::length_error);
}

#ifndef NDEBUG
TEST(page_layout_death, what_does_not_exist_has_no_place) {
  const page_layout layout{model::grouped_query(2, 3, 4, dtype::f16), 16};
  EXPECT_DEATH(static_cast<void>(layout.key(2, 0, 0)), "layer");
  EXPECT_DEATH(static_cast<void>(layout.key(0, 3, 0)), "head");
  EXPECT_DEATH(static_cast<void>(layout.value(0, 0, 16)), "token");
  EXPECT_DEATH(layout.for_each_piece(10, 7, [](std::size_t, std::size_t) {}), "tokens_");
}
#endif

}  // namespace
}  // namespace kvfolio::test
