// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/vm/tensor_layout.hpp>

namespace kvfolio::test {
namespace {

using vm::kv_part;

struct layout_archetype {
  static constexpr bool in_blocks = false;
  layout_archetype(const model::cache_shape&, std::size_t);
  const model::cache_shape& shape() const noexcept;
  std::uint32_t tensors() const noexcept;
  std::uint32_t chunks(std::uint32_t) const noexcept;
  std::uint32_t tokens_per_row() const noexcept;
  vm::part_place place(kv_part, std::uint32_t) const noexcept;
  template <class Visit>
  void for_each_piece(std::size_t, std::size_t, Visit&&) const;
};
struct throwing_layout : layout_archetype {
  std::uint32_t tensors() const;
};
struct layout_by_value : layout_archetype {
  model::cache_shape shape() const noexcept;
};
struct layout_without_pieces : layout_archetype {
  void for_each_piece(std::size_t) const;
};
static_assert(tensor_layout<layout_archetype>);
static_assert(!tensor_layout<throwing_layout>);
static_assert(!tensor_layout<layout_by_value>);
static_assert(!tensor_layout<layout_without_pieces>);

// The rest is in the conformance suite of layouts.
TEST(tensor_layout, counts_the_parts_that_a_shape_has) {
  const auto latent = model::latent(4, 512, 64, dtype::f16);
  EXPECT_EQ(vm::parts_of(latent), 1U);
  EXPECT_EQ(vm::part_bytes(latent, kv_part::values), 0U);
  const auto scaled_latent = model::with_scales(latent, 4);
  EXPECT_EQ(vm::parts_of(scaled_latent), 2U);
  EXPECT_EQ(vm::part_at(scaled_latent, 1), kv_part::scales);
  const auto both = model::grouped_query(4, 8, 128, dtype::f16);
  EXPECT_EQ(vm::parts_of(both), 2U);
  EXPECT_EQ(vm::parts_before(both, kv_part::values), 1U);
  EXPECT_EQ(vm::part_at(both, 1), kv_part::values);
}

TEST(tensor_layout, finds_how_many_tokens_fill_whole_chunks) {
  EXPECT_EQ(vm::tokens_of_whole_chunks(1, 2'048, 65'536), 32U);
  EXPECT_EQ(vm::tokens_of_whole_chunks(1, 65'536 * 3, 65'536), 1U);
  EXPECT_EQ(vm::tokens_of_whole_chunks(1, 1'152, 65'536), 512U);
  EXPECT_EQ(vm::tokens_of_whole_chunks(16, 2'048, 65'536), 32U) << "a multiple of 16";
  EXPECT_EQ(vm::tokens_of_whole_chunks(48, 2'048, 65'536), 96U) << "a multiple of 48";
  EXPECT_THROW(static_cast<void>(vm::tokens_of_whole_chunks(1, 1, std::size_t{1} << 32U)),
               std::length_error);
}

}  // namespace
}  // namespace kvfolio::test
