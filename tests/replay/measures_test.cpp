// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include <replay/measures.hpp>

namespace replay::test {
namespace {

TEST(summary, takes_the_nearest_rank) {
  std::vector<nanoseconds> durations(200);
  std::iota(durations.rbegin(), durations.rend(), 1U);
  const auto of = summarize(durations);
  EXPECT_EQ(of.p50, 100U);
  EXPECT_EQ(of.p99, 198U);
  EXPECT_DOUBLE_EQ(of.mean, 100.5);
  EXPECT_EQ(summarize({7}).p99, 7U);
  EXPECT_EQ(summarize({}).durations, 0U);
}

TEST(timeline, keeps_the_area_under_the_curve_when_it_merges) {
  timeline line;
  double area = 0;
  for (nanoseconds i = 1; i <= 5'000; ++i) {
    const auto lasted = i * 7'919 % 30'000'000;
    const auto value = static_cast<double>(i % 13);
    line.add(lasted, {.pages = value});
    area += value * static_cast<double>(lasted);
  }
  const auto averages = line.averages();
  EXPECT_LE(averages.size(), 600U);
  EXPECT_GE(averages.size(), 300U);
  double found = 0;
  for (const auto& each : averages) found += each.pages * static_cast<double>(line.width());
  EXPECT_NEAR(found / area, 1, 0.01) << "but for the last stretch, which is shorter";
}

TEST(timeline, splits_what_lasts_longer_than_a_stretch) {
  timeline line;
  line.add(500'000, {.pages = 4});
  line.add(1'000'000, {.pages = 2});
  ASSERT_EQ(line.width(), 1'000'000U);
  EXPECT_EQ(line.averages(), (std::vector<gauges>{{.pages = 3}, {.pages = 2}}));
}

}  // namespace
}  // namespace replay::test
