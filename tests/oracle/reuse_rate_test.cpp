// SPDX-License-Identifier: Apache-2.0
// Holds `auto` to the hit rates that docs/eviction.md gives for it: on the shipped trace always, on
// the conversation trace where it is found.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "block_trace.hpp"
#include <semantics.hpp>

namespace replay::test {
namespace {

namespace fs = std::filesystem;
using requests = std::span<const block_request>;
using rates = std::vector<double>;

// Hit-token rates in percent, by capacity.
rates hit_rates(requests trace, semantics mode, std::string_view policy,
                const std::vector<std::size_t>& capacities) {
  rates found;
  for (const auto capacity : capacities) {
    const auto counts = run_semantics(trace, mode, policy, capacity);
    found.push_back(100.0 * static_cast<double>(counts.hit_tokens) /
                    static_cast<double>(counts.input_tokens));
  }
  return found;
}

void expect_at_least(const rates& found, const rates& goals) {
  ASSERT_EQ(found.size(), goals.size());
  for (std::size_t i = 0; i < goals.size(); ++i) EXPECT_GE(found[i], goals[i]) << "capacity " << i;
}

rates less(rates all, double points) {
  for (auto& each : all) each -= points;
  return all;
}

double mean(const rates& all) {
  double sum = 0;
  for (const auto each : all) sum += each;
  return sum / static_cast<double>(all.size());
}

TEST(reuse_rate, hits_more_than_lru_on_the_shipped_trace) {
  const block_trace trace{KVFOLIO_SOURCE_DIR "/tests/data/branching_sessions.jsonl"};
  const std::vector<std::size_t> capacities{200, 400, 1'000, 2'000, 4'100, 10'400};
  for (const auto mode : {semantics::a_l, semantics::b_l}) {
    const auto found = hit_rates(trace.requests(), mode, "auto", capacities);
    expect_at_least(found, less(hit_rates(trace.requests(), mode, "lru", capacities), 0.01));
    if (mode == semantics::a_l) {
      expect_at_least(found, {41.3, 50.1, 54.8, 55.5, 55.7, 55.8});
    }
  }
}

class reuse_rate_on_conversations : public testing::Test {
 protected:
  static fs::path path() {
    const char* const given = std::getenv("KVFOLIO_SHARED");
    return fs::path{given != nullptr ? given : KVFOLIO_SOURCE_DIR "/../shared"} /
           "data/conversation_trace.jsonl";
  }
  static const block_trace& trace() {
    static const block_trace loaded{path()};
    return loaded;
  }
  void SetUp() override {
    if (!fs::exists(path())) {
      GTEST_SKIP() << path() << " is not there; KVFOLIO_SHARED may name the folder that has data/";
    }
  }
  const std::vector<std::size_t> capacities{1'800, 3'600, 9'100, 18'200, 36'500, 91'300};
};

TEST_F(reuse_rate_on_conversations, reaches_what_is_documented) {
  expect_at_least(hit_rates(trace().requests(), semantics::a_l, "auto", capacities),
                  {10.5, 15.2, 23.5, 30.8, 35.6, 37.1});
}

TEST_F(reuse_rate_on_conversations, never_loses_to_lru) {
  for (const auto mode : {semantics::a_l, semantics::b_l}) {
    expect_at_least(hit_rates(trace().requests(), mode, "auto", capacities),
                    hit_rates(trace().requests(), mode, "lru", capacities));
  }
}

TEST_F(reuse_rate_on_conversations, learns_the_second_half_without_the_first) {
  const requests all{trace().requests()};
  const auto half = all.subspan(all.size() / 2);
  // 1, 2, 5, 10, 20 and 50 of 100 of its distinct blocks, in hundreds.
  const auto found =
      hit_rates(half, semantics::a_l, "auto", {800, 1'700, 4'400, 8'900, 17'900, 44'900});
  EXPECT_GE(mean(found), 19.6);
}

TEST_F(reuse_rate_on_conversations, makes_more_of_hints_that_are_right_70_times_of_100) {
  const auto hits = [&](std::string_view policy, std::optional<std::uint64_t> seed) {
    return run_semantics(trace().requests(), semantics::a_l, policy, 9'100, 512, seed).hit_tokens;
  };
  EXPECT_GT(hits("auto", 1), hits("auto", {}));
  EXPECT_GT(hits("auto", 1), hits("hinted_lru", 1));
}

}  // namespace
}  // namespace replay::test
