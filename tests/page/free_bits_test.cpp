// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <random>

#include <kvfolio/page/free_bits.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

static_assert(page::runs_of(0) == page::free_runs{});
static_assert(page::runs_of(~std::uint64_t{0}) == page::free_runs{64, 64, 64});
static_assert(page::runs_of(0x8000'0000'0000'0001U) == page::free_runs{1, 1, 1});
static_assert(page::first_run(~std::uint64_t{0}, 64) == 0);

// Bit by bit.
page::free_runs counted(std::uint64_t word) {
  page::free_runs runs;
  std::uint32_t current = 0;
  for (std::uint32_t bit = 0; bit < 64; ++bit) {
    current = (word >> bit & 1U) != 0 ? current + 1 : 0;
    if (current == bit + 1) runs.front = current;
    runs.longest = std::max(runs.longest, current);
  }
  runs.back = current;
  return runs;
}

std::uint32_t found(std::uint64_t word, std::uint32_t length) {
  for (std::uint32_t begin = 0;; ++begin) {
    if (counted(word >> begin).front >= length) return begin;
  }
}

// Words with long runs and with short ones.
std::uint64_t some_word(std::mt19937& rng) {
  const auto dense = [&] { return std::uint64_t{rng()} << 32U | rng(); };
  switch (rng() % 4) {
    case 0: return dense();
    case 1: return dense() | dense() | dense() | dense();
    case 2: return dense() & dense() & dense();
    default: return ~std::uint64_t{0} << (rng() % 64) >> (rng() % 64);
  }
}

TEST(free_bits, runs_in_a_word_are_what_counting_bit_by_bit_finds) {
  for_each_seed([](std::mt19937& rng) {
    for (int i = 0; i < 5'000; ++i) {
      const auto word = some_word(rng);
      const auto runs = page::runs_of(word);
      ASSERT_EQ(runs, counted(word)) << std::hex << word;
      if (runs.longest == 0) continue;
      const auto length = static_cast<std::uint32_t>(1 + rng() % runs.longest);
      ASSERT_EQ(page::first_run(word, length), found(word, length)) << std::hex << word;
    }
  });
}

TEST(free_bits, joining_two_halves_finds_the_runs_of_the_whole) {
  for_each_seed([](std::mt19937& rng) {
    for (int i = 0; i < 5'000; ++i) {
      const auto word = some_word(rng);
      const auto half = [](std::uint64_t bits) {  // as if a word had 32 bits
        auto runs = counted(bits << 32U);
        runs.front = std::min(counted(bits).front, 32U);
        return runs;
      };
      const auto low = half(word & 0xffff'ffffU);
      const auto high = half(word >> 32U);
      ASSERT_EQ(page::join(low, high, 32), counted(word)) << std::hex << word;
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
