// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/measuring.hpp>

namespace kvfolio::test {
namespace {

using tier::seconds;

TEST(measuring, finds_the_link_behind_a_copy) {
  const tier::link real{tier::gigabytes_per_second(3), seconds{2e-6}};
  seconds clock{};
  std::size_t calls = 0;
  const auto now = [&clock] { return clock; };
  const auto copy = [&](std::size_t each, std::size_t copies) {
    const auto hiccup = ++calls % 5 == 0 ? 10.0 : 1.0;  // one of five: not the median
    clock += hiccup * real.time(each * copies, static_cast<double>(copies));
  };
  const std::vector<std::size_t> pieces{4096, 65'536, 1'000'000};
  const auto timed = tier::time_copies(now, copy, 1'000'000, pieces);
  EXPECT_EQ(calls, 3U * 6) << "five rounds, and one before them";
  ASSERT_EQ(timed.size(), 3U);
  EXPECT_EQ(timed[0].bytes, 244U * 4096) << "whole pieces";
  EXPECT_EQ(timed[0].copies, 244);
  const auto found = tier::fit_link(timed);
  EXPECT_NEAR(found.bandwidth / real.bandwidth, 1, 1e-6);
  EXPECT_NEAR(found.each_copy / real.each_copy, 1, 1e-6);
}

TEST(measuring, a_clock_that_stands_still_is_refused) {
  const auto stopped = [] { return seconds{1}; };
  EXPECT_THROW(static_cast<void>(tier::measure_host_link(stopped, 2U << 20U)),
               std::invalid_argument);
}

TEST(measuring, scattered_copies_gather_every_piece) {
  tier::scattered_copies mover{1000};
  mover(7, 142);
  EXPECT_EQ(std::ranges::count(mover.moved(), std::byte{1}), 7 * 142);
  EXPECT_EQ(mover.moved()[994], std::byte{0});
}

// A bare memcpy of the same bytes is what it should be near to, within what a busy machine may do.
TEST(measuring, this_machine_has_a_link_near_to_memcpy) {
  const auto now = [] {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return seconds{std::chrono::duration<double>(since).count()};
  };
  constexpr std::size_t total = 16U << 20U;
  std::vector<std::byte> from(total, std::byte{1});
  std::vector<std::byte> to(total, std::byte{2});
  std::vector<seconds> times(9);
  for (auto& time : times) {
    const auto before = now();
    std::ranges::copy(from, to.begin());
    time = now() - before;
  }
  const auto bare = total / std::ranges::min(times);
  const auto found = tier::measure_host_link(now, total);
  EXPECT_GT(found.bandwidth / bare, 1.0 / 20);
  EXPECT_LT(found.bandwidth / bare, 20);
  EXPECT_LT(found.each_copy, seconds{1e-3});
}

}  // namespace
}  // namespace kvfolio::test
