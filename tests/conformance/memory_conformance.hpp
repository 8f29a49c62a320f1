// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/memory/concept.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// What every `memory_source` promises. `Make::make()` is a source that has at least 8 MiB; how
/// much of it a block takes is up to the source.
template <class Make>
class memory_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(memory_conformance);

TYPED_TEST_P(memory_conformance, zero_bytes_are_an_empty_block_that_can_be_given_back) {
  auto source = TypeParam::make();
  const auto block = source.allocate(0);
  ASSERT_TRUE(block);
  EXPECT_TRUE(block->empty());
  source.deallocate(*block);
}

TYPED_TEST_P(memory_conformance, alignment_is_a_power_of_two_that_every_block_has) {
  auto source = TypeParam::make();
  const std::size_t alignment = decltype(source)::alignment;
  EXPECT_NE(alignment, 0U);
  EXPECT_EQ(alignment & (alignment - 1), 0U);
  for (const std::size_t bytes : {1U, 63U, 64U, 65U, 4095U, 4097U, 1U << 20U}) {
    const auto block = source.allocate(bytes);
    ASSERT_TRUE(block);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block->data()) % alignment, 0U) << bytes;
    source.deallocate(*block);
  }
}

TYPED_TEST_P(memory_conformance, blocks_are_as_long_as_was_asked_for_and_do_not_overlap) {
  using source_type = decltype(TypeParam::make());
  for_each_seed([](std::mt19937& rng) {
    auto source = TypeParam::make();
    std::vector<std::pair<std::span<std::byte>, std::byte>> blocks;
    for (int i = 0; i < 500; ++i) {
      if (blocks.size() == 20 || (!blocks.empty() && rng() % 2 == 0)) {
        std::swap(blocks[rng() % blocks.size()], blocks.back());
        const auto [block, mark] = blocks.back();
        for (const auto each : block) ASSERT_EQ(each, mark);
        source.deallocate(block);
        blocks.pop_back();
        continue;
      }
      const std::size_t bytes = 1 + rng() % 10'000;
      const auto block = source.allocate(bytes);
      ASSERT_TRUE(block);
      if constexpr (host_memory<source_type>) {
        ASSERT_EQ(block->size(), bytes);
        const auto mark = static_cast<std::byte>(rng());
        for (auto& each : *block) each = mark;
        blocks.emplace_back(*block, mark);
      } else {
        source.deallocate(*block);
      }
    }
    for (const auto& [block, mark] : blocks) source.deallocate(block);
  });
}

TYPED_TEST_P(memory_conformance, a_source_may_be_moved_while_its_blocks_are_in_use) {
  auto source = TypeParam::make();
  const auto block = source.allocate(100);
  ASSERT_TRUE(block);
  auto moved = std::move(source);
  if constexpr (host_memory<decltype(source)>) block->back() = std::byte{7};
  moved.deallocate(*block);
  EXPECT_TRUE(moved.allocate(0));
}

REGISTER_TYPED_TEST_SUITE_P(memory_conformance,
                            zero_bytes_are_an_empty_block_that_can_be_given_back,
                            alignment_is_a_power_of_two_that_every_block_has,
                            blocks_are_as_long_as_was_asked_for_and_do_not_overlap,
                            a_source_may_be_moved_while_its_blocks_are_in_use);

}  // namespace kvfolio::test
