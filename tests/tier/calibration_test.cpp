// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/calibration.hpp>

#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

using tier::seconds;

const auto llama = costs_of("llama-3-8b").work;

tier::timed_transfer timed(const tier::link& by, std::uint64_t bytes, double copies) {
  return {bytes, copies, by.time(bytes, copies)};
}

TEST(calibration, finds_the_link_that_was_observed) {
  const tier::link real{tier::gigabytes_per_second(25), seconds{10e-6}};
  const std::vector seen{timed(real, 4096, 1), timed(real, 1 << 20, 16), timed(real, 1 << 30, 9)};
  const auto found = tier::fit_link(seen);
  EXPECT_NEAR(found.bandwidth / real.bandwidth, 1, 1e-6);
  EXPECT_NEAR(found.each_copy / real.each_copy, 1, 1e-6);
}

TEST(calibration, short_transfers_count_as_much_as_long_ones) {
  const tier::link real{tier::gigabytes_per_second(25), seconds{10e-6}};
  std::vector<tier::timed_transfer> seen{timed(real, 4096, 1), timed(real, 1 << 30, 1)};
  seen.push_back({1 << 30, 1, 1.02 * real.time(1 << 30, 1)});  // 0.9 ms late: 85 times a short one
  const auto found = tier::fit_link(seen);
  EXPECT_NEAR(found.each_copy / real.each_copy, 1, 0.01);
  EXPECT_NEAR(found.bandwidth / real.bandwidth, 0.99, 0.001);
}

TEST(calibration, a_link_takes_no_negative_time) {
  const std::vector<tier::timed_transfer> odd{{1000, 10, seconds{1}}, {1000, 1, seconds{1.1}}};
  const auto found = tier::fit_link(odd);
  EXPECT_EQ(found.each_copy, seconds{});
  EXPECT_NEAR(found.bandwidth.value(), 956.7, 0.1);
  const std::vector<tier::timed_transfer> one_size{{1000, 1, seconds{2}}, {2000, 2, seconds{4}}};
  EXPECT_EQ(tier::fit_link(one_size).each_copy, seconds{}) << "nothing tells them apart";
  EXPECT_DOUBLE_EQ(tier::fit_link(one_size).bandwidth.value(), 500);
}

TEST(calibration, transfers_that_tell_nothing_are_refused) {
  const auto refused = [](std::vector<tier::timed_transfer> seen) {
    EXPECT_THROW(static_cast<void>(tier::fit_link(seen)), std::invalid_argument);
  };
  refused({});
  refused({{1000, 1, seconds{}}});
  refused({{0, 1, seconds{1}}});
  refused({{1000, 1, seconds{-1}}});
  refused({{1000, 1, seconds{1}}, {2000, 1, seconds{0.5}}});
}

TEST(calibration, finds_the_processor_that_was_observed) {
  auto real = tier::utilised(tier::teraflops(312), 0.5);
  real.attending = tier::teraflops(40);
  real.each_pass = seconds{2e-3};
  std::vector<tier::timed_prefill> seen;
  for (const auto& [context, tokens] :
       {std::pair{0U, 64U}, {0U, 512U}, {0U, 4096U}, {8192U, 512U}}) {
    seen.push_back({context, tokens, real.time(llama, context, tokens)});
  }
  const auto found = tier::fit_processor(llama, seen);
  EXPECT_NEAR(found.attending / real.attending, 1, 1e-6);
  for (const std::uint64_t tokens : {64U, 100U, 512U, 1000U, 4096U, 20'000U}) {
    const auto truth = real.time(llama, 3000, tokens);
    EXPECT_NEAR(found.time(llama, 3000, tokens) / truth, 1, 1e-6) << tokens;
  }
}

TEST(calibration, without_contexts_attention_is_as_fast_as_the_rest) {
  const auto real = tier::utilised(tier::teraflops(312), 0.5);
  const std::vector<tier::timed_prefill> seen{{0, 512, real.time(llama, 0, 512)},
                                              {0, 8192, real.time(llama, 0, 8192)}};
  const auto found = tier::fit_processor(llama, seen);
  EXPECT_NEAR(found.attending / real.attending, 1, 1e-9);
  EXPECT_NEAR(found.time(llama, 0, 32'768) / real.time(llama, 0, 32'768), 1, 1e-9);
}

TEST(calibration, equal_prefills_count_by_their_mean) {
  const std::vector<tier::timed_prefill> seen{
      {0, 512, seconds{1}}, {0, 64, seconds{0.5}}, {0, 512, seconds{3}}};
  const auto found = tier::fit_processor(llama, seen);
  ASSERT_EQ(found.measured.size(), 2U);
  EXPECT_EQ(found.measured[0].tokens, 64U);
  EXPECT_NEAR(found.time(llama, 0, 512).value(), 2, 1e-9);
}

TEST(calibration, prefills_that_tell_nothing_are_refused) {
  const auto refused = [](std::vector<tier::timed_prefill> seen) {
    EXPECT_THROW(static_cast<void>(tier::fit_processor(llama, seen)), std::invalid_argument);
  };
  refused({});
  refused({{0, 0, seconds{1}}});
  refused({{0, 512, seconds{}}});
  refused({{0, 512, seconds{0.001}}, {100'000, 512, seconds{100}}});
}

}  // namespace
}  // namespace kvfolio::test
