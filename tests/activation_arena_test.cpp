// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/activation_arena.hpp>
#include <kvfolio/memory/statistics.hpp>

#include "support/random_lives.hpp"
#include "support/random_steps.hpp"

namespace kvfolio::test {
namespace {

// Each tensor is written at its first step, and is still there at its last.
TEST(activation_arena, nobody_loses_a_byte_before_its_last_step) {
  for_each_seed([](std::mt19937& rng) {
    for (int round = 0; round < 20; ++round) {
      const auto lives = random_lives(rng, 30, 20, 500);
      const activation_arena<> arena{lives};
      for (std::uint32_t step = 0; step < 20; ++step) {
        for (std::size_t i = 0; i < lives.size(); ++i) {
          if (lives[i].first == step) std::ranges::fill(arena.tensor(i), std::byte(i + 1));
        }
        for (std::size_t i = 0; i < lives.size(); ++i) {
          if (lives[i].last != step) continue;
          const auto bytes = arena.tensor(i);
          ASSERT_EQ(bytes.size(), lives[i].bytes);
          ASSERT_EQ(static_cast<std::size_t>(std::ranges::count(bytes, std::byte(i + 1))),
                    bytes.size());
        }
      }
    }
  });
}

TEST(activation_arena, is_aligned_and_one_block) {
  using source = memory::statistics<memory::heap>;
  const std::vector<activation::tensor_life> lives{{100, 0, 1}, {7, 1, 2}, {100, 2, 3}};
  const activation_arena<source> arena{lives};
  EXPECT_EQ(arena.memory().used().allocations, 1U);
  EXPECT_EQ(arena.memory().used().bytes, 192U);
  EXPECT_EQ(arena.bytes_unshared(), 207U);
  EXPECT_EQ(arena.plan().bytes, 192U) << "the third lies where the first was";
  for (std::size_t i = 0; i < lives.size(); ++i) {
    const auto address = reinterpret_cast<std::uintptr_t>(arena.tensor(i).data());
    EXPECT_EQ(address % source::alignment, 0U);
  }
}

TEST(activation_arena, of_nothing_takes_nothing) {
  const activation_arena<> arena{{}};
  EXPECT_EQ(arena.plan().bytes, 0U);
}

}  // namespace
}  // namespace kvfolio::test
