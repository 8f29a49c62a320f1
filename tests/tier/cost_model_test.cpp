// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/tier/cost_model.hpp>

#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

double milliseconds(tier::seconds time) {
  return time.value() * 1e3;
}

struct known_times {
  card on;
  std::uint64_t tokens;
  double load, recompute;  // ms
};

TEST(cost_model, times_of_llama_3_8b_are_known) {
  const known_times all[] = {
      {a100, 512, 2.68, 46.3},     {a100, 8192, 42.9, 846},       {a100, 32768, 172, 4736},
      {rtx_4090, 512, 2.68, 87.5}, {rtx_4090, 8192, 42.9, 1599},  {rtx_4090, 32768, 172, 8956},
      {rtx_3060, 512, 3.36, 566},  {rtx_3060, 8192, 53.7, 10348}, {rtx_3060, 32768, 215, 57951},
  };
  for (const auto& [on, tokens, load, recompute] : all) {
    const auto costs = costs_of("llama-3-8b", on);
    const auto leaving = leaving_of("llama-3-8b", tokens, 16);
    // They are given in three digits, or in whole milliseconds.
    EXPECT_NEAR(milliseconds(costs.load(leaving, 0)), load, load < 100 ? 0.05 : 0.5)
        << tokens << " tokens on " << on.teraflops << " TFLOPS";
    EXPECT_NEAR(milliseconds(costs.recompute(leaving, leaving.pages())), recompute,
                recompute < 100 ? 0.05 : 0.5)
        << tokens << " tokens on " << on.teraflops << " TFLOPS";
  }
}

TEST(cost_model, break_even_bandwidths_are_known) {
  const auto found = [](const char* model, const card& on) {
    return break_even(costs_of(model, on), leaving_of(model, 1)).value() / 1e9;
  };
  EXPECT_NEAR(found("llama-3-8b", a100), 1.46, 0.005);
  EXPECT_NEAR(found("llama-3-8b", rtx_4090), 0.77, 0.005);
  EXPECT_NEAR(found("llama-3-8b", rtx_3060), 0.12, 0.005);
  EXPECT_NEAR(found("opt-13b", a100), 5.1, 0.05) << "multi-head: nearly a tie with small copies";
}

TEST(cost_model, at_the_break_even_bandwidth_both_take_equally_long) {
  for (const bool waits : {false, true}) {
    auto costs = costs_of("llama-3-8b");
    costs.in.each_copy = costs.out.each_copy = tier::seconds{10e-6};
    auto leaving = leaving_of("llama-3-8b", 4096, 16);
    leaving.copies = 77;
    leaving.waits_until_out = waits;
    costs.in.bandwidth = costs.out.bandwidth = break_even(costs, leaving);
    const auto swapped = costs.total(leaving, 0);
    EXPECT_NEAR(swapped / costs.total(leaving, leaving.pages()), 1, 1e-9);
  }
}

TEST(cost_model, no_bandwidth_suffices_where_copies_alone_take_longer) {
  auto costs = costs_of("llama-3-8b");
  costs.in.each_copy = tier::seconds{1};
  EXPECT_TRUE(std::isinf(break_even(costs, leaving_of("llama-3-8b", 16, 16)).value()));
}

TEST(cost_model, both_directions_count_where_somebody_waits_for_both) {
  auto costs = costs_of("llama-3-8b");
  costs.out.bandwidth = tier::gigabytes_per_second(5);
  auto leaving = leaving_of("llama-3-8b", 4096, 16);
  const auto hidden = costs.total(leaving, 0);
  leaving.waits_until_out = true;
  EXPECT_NEAR(costs.total(leaving, 0) / hidden, 6, 1e-9) << "out takes five times as long as in";
  EXPECT_EQ(costs.total(leaving, 256), costs.recompute(leaving, 256)) << "nothing is moved";
}

TEST(cost_model, overlap_hides_the_shorter_of_two_in_part) {
  auto costs = costs_of("llama-3-8b");
  const auto leaving = leaving_of("llama-3-8b", 4096, 16);
  const auto computed = costs.recompute(leaving, 200);
  const auto loaded = costs.load(leaving, 200);
  ASSERT_LT(loaded, computed);
  EXPECT_EQ(costs.total(leaving, 200), computed);
  costs.overlap = 0;
  EXPECT_DOUBLE_EQ(costs.total(leaving, 200).value(), (computed + loaded).value());
  costs.overlap = 0.75;
  EXPECT_DOUBLE_EQ(costs.total(leaving, 200).value(), (computed + loaded / 4).value());
}

TEST(cost_model, what_is_behind_other_tokens_attends_to_them_too) {
  const auto costs = costs_of("llama-3-8b");
  auto leaving = leaving_of("llama-3-8b", 4096, 16);
  const auto alone = costs.recompute(leaving, 256);
  leaving.context = 65'536;
  EXPECT_GT(costs.recompute(leaving, 256), 2 * alone);
}

TEST(cost_model, what_cannot_be_is_refused_with_what_would_be_right) {
  const auto refused = [](auto change, const char* word) {
    auto costs = costs_of("llama-3-8b");
    change(costs);
    try {
      check(costs);
      ADD_FAILURE() << "not refused: " << word;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string{error.what()}.find(word), std::string::npos) << error.what();
    }
  };
  check(costs_of("llama-3-8b"));
  refused([](auto& costs) { costs.work = {}; }, "work_of");
  refused([](auto& costs) { costs.computing.linear = {}; }, "rates above 0");
  refused([](auto& costs) { costs.computing.attending = tier::flop_rate{-1}; }, "rates");
  refused([](auto& costs) { costs.computing.memory = {}; }, "rates");
  refused([](auto& costs) { costs.out = {}; }, "bandwidth above 0");
  refused([](auto& costs) { costs.in.bandwidth = tier::byte_rate{std::nan("")}; }, "bandwidth");
  refused([](auto& costs) { costs.in.each_copy = tier::seconds{-1}; }, "0 seconds or more");
  refused([](auto& costs) { costs.computing.each_pass = tier::seconds{-1}; }, "0 seconds");
  refused([](auto& costs) { costs.computing.measured = {{0, tier::seconds{1}}}; }, "passes");
  refused([](auto& costs) { costs.computing.measured = {{9, tier::seconds{0}}}; }, "passes");
  refused(
      [](auto& costs) {
        costs.computing.measured = {{9, tier::seconds{1}}, {9, tier::seconds{2}}};
      },
      "more tokens");
  refused([](auto& costs) { costs.overlap = 1.1; }, "overlap is a fraction");
}

}  // namespace
}  // namespace kvfolio::test
