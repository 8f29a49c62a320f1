// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/activation/plan_offsets.hpp>

#include "../support/random_lives.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using activation::plan_offsets;
using activation::tensor_life;

// Can the tensors from `next` on be placed at any offsets below `bytes`? Knows nothing of orders.
bool fits(const std::vector<tensor_life>& lives, std::vector<std::uint64_t>& offsets,
          std::size_t next, std::uint64_t bytes) {
  if (next == lives.size()) return true;
  for (std::uint64_t offset = 0; offset + lives[next].bytes <= bytes; ++offset) {
    bool free = true;
    for (std::size_t other = 0; other < next && free; ++other) {
      free = !lives[next].meets(lives[other]) || offset + lives[next].bytes <= offsets[other] ||
             offsets[other] + lives[other].bytes <= offset;
    }
    offsets[next] = offset;
    if (free && fits(lives, offsets, next + 1, bytes)) return true;
  }
  return false;
}

std::uint64_t least_bytes(const std::vector<tensor_life>& lives) {
  std::vector<std::uint64_t> offsets(lives.size());
  auto bytes = activation::most_alive(lives);
  while (!fits(lives, offsets, 0, bytes)) ++bytes;
  return bytes;
}

TEST(plan_offsets, of_few_tensors_is_the_best_of_all) {
  int missed_by_size = 0;
  for_each_seed([&missed_by_size](std::mt19937& rng) {
    for (int i = 0; i < 150; ++i) {
      const auto lives = random_lives(rng, 7, 8, 6);
      const auto plan = plan_offsets(lives, 1);
      ASSERT_TRUE(is_sound(lives, plan)) << "at step " << i;
      ASSERT_TRUE(plan.optimal) << "at step " << i;
      ASSERT_EQ(plan.bytes, least_bytes(lives)) << "at step " << i;
      if (activation::best_fit_by_size(lives).bytes > plan.bytes) ++missed_by_size;
    }
  });
  EXPECT_GT(missed_by_size, 0) << "the search had something to do";
}

TEST(plan_offsets, knows_when_more_than_what_is_alive_is_needed) {
  const std::vector<tensor_life> lives{{2, 1, 2}, {3, 7, 8}, {2, 4, 6}, {1, 2, 3},
                                       {3, 1, 3}, {1, 3, 5}, {1, 3, 6}, {3, 6, 8}};
  EXPECT_EQ(activation::most_alive(lives), 6U);
  EXPECT_EQ(least_bytes(lives), 7U) << "at any offsets";
  const auto plan = plan_offsets(lives, 1);
  EXPECT_EQ(plan.bytes, 7U);
  EXPECT_TRUE(plan.optimal);
}

TEST(plan_offsets, of_many_tensors_is_sound_and_near_to_what_is_alive) {
  for_each_seed([](std::mt19937& rng) {
    for (int i = 0; i < 20; ++i) {
      const auto lives = random_lives(rng, 60, 40, 1000);
      const auto greedy = plan_offsets(lives, 1, 0);
      const auto searched = plan_offsets(lives, 1, 500);
      const auto least = activation::most_alive(lives);
      ASSERT_TRUE(is_sound(lives, searched)) << "at step " << i;
      ASSERT_LE(searched.bytes, greedy.bytes) << "at step " << i;
      ASSERT_LE(static_cast<double>(searched.bytes), 1.2 * static_cast<double>(least))
          << "at step " << i;
      ASSERT_EQ(plan_offsets(lives, 1, 500).offsets, searched.offsets) << "at step " << i;
    }
  });
}

TEST(plan_offsets, a_short_search_claims_no_proof) {
  std::mt19937 rng{42};
  int unproven = 0;
  for (int i = 0; i < 50; ++i) {
    const auto lives = random_lives(rng, 40, 20, 1000);
    const auto plan = plan_offsets(lives, 1, 2);
    unproven += plan.optimal ? 0 : 1;
    EXPECT_TRUE(!plan.optimal || plan.bytes == activation::most_alive(lives));
  }
  EXPECT_GT(unproven, 0);
}

TEST(plan_offsets, keeps_to_an_alignment) {
  for_each_seed([](std::mt19937& rng) {
    const auto lives = random_lives(rng, 20, 10, 1000);
    const auto plan = plan_offsets(lives, 256, 100);
    ASSERT_TRUE(is_sound(lives, plan));
    for (const auto offset : plan.offsets) ASSERT_EQ(offset % 256, 0U);
  });
}

TEST(plan_offsets, what_cannot_be_is_refused) {
  EXPECT_EQ(plan_offsets({}).bytes, 0U);
  EXPECT_TRUE(plan_offsets({}).optimal);
  const std::vector<tensor_life> good{{8, 0, 1}};
  EXPECT_THROW(static_cast<void>(plan_offsets(good, 0)), std::invalid_argument);
  const std::vector<tensor_life> bad{{8, 0, 1}, {8, 3, 2}};
  try {
    static_cast<void>(plan_offsets(bad));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "kvfolio: tensor 1 is read last at step 2, before step 3 writes it");
  }
}

}  // namespace
}  // namespace kvfolio::test
