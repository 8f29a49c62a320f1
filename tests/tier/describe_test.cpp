// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <span>

#include <gtest/gtest.h>

#include <kvfolio/tier/describe.hpp>

#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

TEST(describe, is_one_line_for_people) {
  std::array<char, 160> buffer{};
  auto leaving = leaving_of("llama-3-8b", 8192, 16);
  const auto costs = costs_of("llama-3-8b");
  EXPECT_EQ(describe(explain(costs, leaving), buffer).value(),
            "split: recompute 845.8 ms, swap 42.95 ms, split 40.6 ms at 448 of 8192 tokens; swap "
            "wins above 1.27 GB/s");
  leaving.free_bytes = 0;
  EXPECT_EQ(describe(explain(costs, leaving), buffer).value(),
            "recompute: recompute 845.8 ms, swap no room, split no room at 0 of 8192 tokens; swap "
            "wins above 1.27 GB/s");
}

TEST(describe, a_short_buffer_is_an_error) {
  const auto why = explain(costs_of("llama-3-8b"), leaving_of("llama-3-8b", 8192, 16));
  std::array<char, 160> whole{};
  const auto length = describe(why, whole).value().size();
  for (std::size_t size = 0; size < length; ++size) {
    std::array<char, 160> buffer{};
    const auto line = describe(why, std::span{buffer}.first(size));
    ASSERT_FALSE(line.has_value()) << size;
    EXPECT_EQ(line.error(), errc::buffer_too_small);
    EXPECT_EQ(buffer[size], 0) << "nothing is written behind it";
  }
  EXPECT_TRUE(describe(why, std::span{whole}.first(length)).has_value());
}

TEST(describe, chooses_units_in_which_times_are_short) {
  const tier::explanation why{.recompute = tier::seconds{12.5},
                              .swap = tier::seconds{2.5e-5},
                              .split = tier::seconds{0.25},
                              .split_tokens = 3,
                              .tokens = 9,
                              .break_even = tier::gigabytes_per_second(0.5),
                              .best = tier::way_back::swap};
  std::array<char, 160> buffer{};
  EXPECT_EQ(describe(why, buffer).value(),
            "swap: recompute 12.5 s, swap 25 us, split 250 ms at 3 of 9 tokens; swap wins above "
            "0.5 GB/s");
}

}  // namespace
}  // namespace kvfolio::test
