// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/weighted_stages.hpp>

namespace kvfolio::test {
namespace {

using partition::stages;
namespace rule = partition::rule;
using weights = std::vector<double>;

// exo's own tests.
TEST(weighted_stages, exo_rounds_by_largest_remainder_and_leaves_nobody_out) {
  EXPECT_EQ(rule::exo(12, weights{500, 500, 1000}), (stages{3, 3, 6}));
  EXPECT_EQ(rule::exo(12, weights{312, 518, 1024}), (stages{2, 3, 7}));
  EXPECT_EQ(rule::exo(20, weights{900, 50, 50}), (stages{18, 1, 1}));
  EXPECT_EQ(rule::exo(10, weights{1000, 1, 1}), (stages{8, 1, 1})) << "taken from the largest";
}

TEST(weighted_stages, exo_asks_for_memory) {
  EXPECT_EQ(rule::exo(10, weights{8, 2}, 10), (stages{8, 2}));
  try {
    static_cast<void>(rule::exo(10, weights{99, 1}, 100));
    FAIL();
  } catch (const partition::bad_partition& error) {
    EXPECT_EQ(error.reason(), partition::refusal::no_memory);
    EXPECT_NE(std::string{error.what()}.find("node 1 has insufficient"), std::string::npos);
  }
}

TEST(weighted_stages, llamacpp_counts_the_output_as_a_layer) {
  EXPECT_EQ(rule::llamacpp(32, weights{24, 12}, 99), (rule::llamacpp_split{0, {22, 10}, 1}));
  EXPECT_EQ(rule::llamacpp(32, weights{3, 1}), (rule::llamacpp_split{0, {25, 7}, 1}));
  EXPECT_EQ(rule::llamacpp(32, weights{24, 12}, 20), (rule::llamacpp_split{13, {14, 5}, 1}));
  EXPECT_EQ(rule::llamacpp(80, weights{1, 1}).layers, (stages{41, 39}));
  EXPECT_EQ(rule::llamacpp(80, weights{24, 24, 12}).layers, (stages{33, 32, 15}));
  EXPECT_EQ(rule::llamacpp(32, weights{1}, 0), (rule::llamacpp_split{32, {0}, 1}))
      << "everything on the host";
  EXPECT_EQ(rule::llamacpp(32, weights{1}, 1), (rule::llamacpp_split{32, {0}, 0}))
      << "the output alone";
}

TEST(weighted_stages, prima_begins_with_rounded_shares) {
  EXPECT_EQ(rule::halda_start(32, weights{8, 24, 12}), (stages{6, 17, 9}));
  EXPECT_EQ(rule::halda_start(4, weights{100, 1}), (stages{4, 1}));
}

template <class Split>
void expect_refused(Split split, const char* because) {
  try {
    split();
    ADD_FAILURE() << "accepted, in spite of " << because;
  } catch (const partition::bad_partition& error) {
    EXPECT_NE(std::string{error.what()}.find(because), std::string::npos) << error.what();
  }
}

TEST(weighted_stages, what_cannot_be_is_refused_with_the_answer_of_the_peer) {
  expect_refused([] { return rule::exo(2, weights{1, 1, 1}); }, "need at least 1 layer per node");
  expect_refused([] { return rule::exo(4, weights{1, -1}); }, "0 or more");
  expect_refused([] { return rule::exo(4, weights{0, 0}); }, "above 0");
  expect_refused([] { return rule::exo(4, weights{}); }, "at least 1");
  expect_refused([] { return rule::llamacpp(4, weights{}); }, "a weight for each");
  expect_refused([] { return rule::llamacpp(4, weights{1, 0, 1}); }, "3, 0, 1");
  EXPECT_EQ(rule::llamacpp(4, weights{1, 0, 1}, 99, partition::empty_stages::allowed).layers,
            (stages{3, 0, 1}));
}

TEST(weighted_stages, largest_remainder_gives_everything_away_and_nobody_more_than_its_due) {
  std::mt19937_64 random{11};
  for (int round = 0; round < 1000; ++round) {
    SCOPED_TRACE(round);
    weights given;
    for (auto n = random() % 8 + 1; n > 0; --n) given.push_back(double(random() % 1000 + 1));
    const auto sum = std::accumulate(given.begin(), given.end(), 0.0);
    const auto layers = static_cast<std::uint32_t>(random() % 200);
    const auto split = partition::largest_remainder(layers, given);
    EXPECT_EQ(std::accumulate(split.begin(), split.end(), 0U), layers);
    for (std::size_t i = 0; i < split.size(); ++i) {
      EXPECT_LT(std::abs(split[i] - given[i] / sum * layers), 1 + 1e-9);
    }
  }
}

}  // namespace
}  // namespace kvfolio::test
