// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/tensor_cut.hpp>

namespace kvfolio::test {
namespace {

using partition::index_range;

std::vector<std::uint64_t> sizes(const std::vector<index_range>& ranges) {
  std::vector<std::uint64_t> all;
  for (const auto& range : ranges) all.push_back(range.count);
  return all;
}

void expect_covered(const std::vector<index_range>& ranges, std::uint64_t total) {
  std::uint64_t next = 0;
  for (const auto& range : ranges) {
    EXPECT_EQ(range.first, next);
    next = range.end();
  }
  EXPECT_EQ(next, total);
}

TEST(tensor_cut, equal_parts_or_a_reason) {
  EXPECT_EQ(partition::even_cut(12, 3), (std::vector<index_range>{{0, 4}, {4, 4}, {8, 4}}));
  try {
    static_cast<void>(partition::even_cut(14336, 3));
    FAIL();
  } catch (const partition::bad_partition& error) {
    EXPECT_EQ(error.reason(), partition::refusal::not_divisible);
    EXPECT_NE(std::string{error.what()}.find("2 would work"), std::string::npos) << error.what();
  }
  EXPECT_THROW(static_cast<void>(partition::even_cut(4, 0)), partition::bad_partition);
}

// DeepSpeed's AutoTP.
TEST(tensor_cut, grains_stay_whole) {
  EXPECT_EQ(sizes(partition::grain_cut(14336, 3, 1)),
            (std::vector<std::uint64_t>{4779, 4779, 4778}));
  EXPECT_EQ(sizes(partition::grain_cut(14336, 3, 64)),
            (std::vector<std::uint64_t>{4800, 4800, 4736}));
  EXPECT_EQ(sizes(partition::kv_grain_cut(4096, 8, 3)),
            (std::vector<std::uint64_t>{1536, 1536, 1024}));
  EXPECT_EQ(sizes(partition::grain_cut(130, 2, 64)), (std::vector<std::uint64_t>{64, 66}))
      << "the tail goes to the last";
  EXPECT_THROW(static_cast<void>(partition::grain_cut(4, 2, 0)), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(partition::kv_grain_cut(100, 8, 2)), partition::bad_partition);
}

// llama.cpp's rows.
TEST(tensor_cut, weights_are_followed_in_multiples) {
  const std::vector<double> weights{24, 12};
  EXPECT_EQ(partition::weighted_cut(4096, weights, 128),
            (std::vector<index_range>{{0, 2688}, {2688, 1408}}));
  EXPECT_THROW(static_cast<void>(partition::weighted_cut(8, std::vector<double>{0}, 1)),
               partition::bad_partition);
  EXPECT_THROW(static_cast<void>(partition::weighted_cut(8, weights, 0)), partition::bad_partition);
}

TEST(tensor_cut, every_cut_covers_everything_once) {
  std::mt19937_64 random{7};
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE(round);
    const auto total = random() % 5000 + 1;
    const auto ranks = static_cast<std::uint32_t>(random() % 9 + 1);
    expect_covered(partition::grain_cut(total, ranks, random() % 70 + 1), total);
    expect_covered(partition::even_cut(total * ranks, ranks), total * ranks);
    std::vector<double> weights;
    for (std::uint32_t i = 0; i < ranks; ++i) weights.push_back(double(random() % 50 + 1));
    expect_covered(partition::weighted_cut(total, weights, random() % 70 + 1), total);
  }
}

}  // namespace
}  // namespace kvfolio::test
