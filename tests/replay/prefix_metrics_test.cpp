// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <numeric>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <replay/generator.hpp>
#include <replay/prefix_metrics.hpp>
#include <replay/trace_reader.hpp>

namespace replay::test {
namespace {

namespace kv = kvfolio;

TEST(duration_histogram, is_exact_below_64_and_close_above) {
  duration_histogram small;
  for (nanoseconds i = 1; i <= 60; ++i) small.add(i);
  EXPECT_EQ(small.summed_up().p50, 30U);
  EXPECT_EQ(small.summed_up().p99, 60U);
  EXPECT_DOUBLE_EQ(small.summed_up().mean, 30.5);
  for (const nanoseconds value :
       {nanoseconds{64}, nanoseconds{1'000'003}, nanoseconds{UINT64_MAX}}) {
    duration_histogram one;
    one.add(value);
    EXPECT_LE(one.summed_up().p50, value);
    EXPECT_GT(one.summed_up().p50, value - value / 32 - 1);
  }
  EXPECT_EQ(duration_histogram{}.summed_up().durations, 0U);
}

TEST(departed_keys, remembers_the_youngest_of_each_set) {
  departed_keys keys{8};  // one set
  for (std::uint64_t i = 1; i <= 9; ++i) keys.remember(kv::content_key{8 * i}, i % 3);
  EXPECT_EQ(keys.find(kv::content_key{8}), std::nullopt) << "the oldest of nine";
  for (std::uint64_t i = 2; i <= 9; ++i) EXPECT_EQ(keys.find(kv::content_key{8 * i}), i % 3);
  keys.remember(kv::content_key{16}, 0);
  keys.forget(kv::content_key{24});
  keys.forget(kv::content_key{24});
  keys.remember(kv::content_key{80}, 1);
  EXPECT_EQ(keys.find(kv::content_key{16}), 0U) << "it was made the youngest, with another cause";
  EXPECT_EQ(keys.find(kv::content_key{24}), std::nullopt);
  EXPECT_EQ(keys.find(kv::content_key{32}), 4U % 3) << "there was room again";
  EXPECT_EQ(keys.find(kv::content_key{80}), 1U);
  EXPECT_EQ(keys.find(kv::content_key{0}), std::nullopt) << "also where nothing is";
}

TEST(departed_keys, of_many_keys_nearly_all_that_fit_are_remembered) {
  departed_keys keys{1U << 16U};
  for (std::uint64_t i = 1; i <= 1U << 15U; ++i) {
    keys.remember(kv::content_key{kv::mix_bits(i)}, 2);
  }
  std::size_t found = 0;
  for (std::uint64_t i = 1; i <= 1U << 15U; ++i) {
    found += keys.find(kv::content_key{kv::mix_bits(i)}) ? 1 : 0;
  }
  EXPECT_GT(found, (1U << 15U) * 97 / 100);
}

TEST(prefix_metrics, a_miss_has_the_cause_for_which_its_page_left_last) {
  prefix_metrics metrics{8, 2, 64};
  const std::vector<kv::token_id> prompt{1, 2, 3, 4, 5, 6, 7};
  const auto tokens = std::span{prompt};
  const auto index_all = [&] {
    metrics.on(kv::event::page_indexed{kv::page_id{0}, std::nullopt, tokens.subspan(0, 2), {}});
    metrics.on(kv::event::page_indexed{kv::page_id{1}, kv::page_id{0}, tokens.subspan(2, 2), {}});
    metrics.on(kv::event::page_indexed{kv::page_id{2}, kv::page_id{1}, tokens.subspan(4, 2), {}});
  };
  const auto ask = [&](std::size_t hits) {
    for (std::size_t i = 0; i < hits; ++i) metrics.on(kv::event::page_hit{kv::to_page(i), i});
    metrics.on(kv::event::prompt_matched{2 * hits, prompt, {}});
    return metrics.counts().misses;
  };
  using counts = std::array<std::uint64_t, 4>;  // capacity, invalidated, withdrawn, cold
  EXPECT_EQ(ask(0), (counts{0, 0, 0, 3}));
  index_all();
  metrics.advance(10);
  EXPECT_EQ(ask(3), (counts{0, 0, 0, 3}));
  metrics.on(kv::event::page_evicted{kv::page_id{2}});
  metrics.on(kv::event::page_withdrawn{kv::page_id{1}});
  EXPECT_EQ(ask(1), (counts{1, 0, 1, 3}));
  metrics.on(kv::event::invalidated{1});
  EXPECT_EQ(ask(0), (counts{2, 1, 2, 3})) << "what left before is not invalidated";
  metrics.on(kv::event::page_evicted{kv::page_id{0}});
  EXPECT_EQ(ask(0), (counts{3, 2, 3, 3})) << "nor does what is invalidated leave for capacity";
  index_all();
  metrics.advance(25);
  EXPECT_EQ(ask(3), (counts{3, 2, 3, 3}));
  EXPECT_EQ(metrics.counts().evicted, 2U);
  EXPECT_EQ(metrics.counts().evicted_unused, 0U);
  EXPECT_EQ(metrics.counts().age_at_hit.summed_up().p50, 10U);
  EXPECT_EQ(metrics.counts().age_at_hit.summed_up().p99, 15U);
}

std::string generated(std::uint64_t seed, std::size_t requests, const workload& like = {}) {
  generator made{seed, like};
  std::string lines;
  for (std::size_t i = 0; i < requests; ++i) lines += made.next_line();
  return lines;
}

TEST(generator, makes_equal_traces_of_equal_seeds) {
  EXPECT_EQ(generated(3, 500), generated(3, 500));
  EXPECT_NE(generated(3, 500), generated(4, 500));
  EXPECT_EQ(generated(3, 500), generated(3, 900).substr(0, generated(3, 500).size()));
}

TEST(generator, makes_what_it_was_asked_for) {
  const workload like{.sessions_per_second = 2, .another_turn = 0.5};
  const auto made = parse_trace(generated(1, 20'000, like), "made");
  EXPECT_EQ(made.format, "Mooncake JSONL");
  EXPECT_EQ(made.tokens_per_hash, 512U);
  const auto seconds = static_cast<double>(made.requests.back().arrival) / 1e9;
  EXPECT_NEAR(20'000 / seconds, 4, 0.2) << "two sessions a second, of two requests";
  std::vector<double> logs;
  for (const auto& each : made.requests) logs.push_back(std::log(each.output_tokens));
  EXPECT_NEAR(std::accumulate(logs.begin(), logs.end(), 0.0) / 20'000, like.output_mean, 0.05);
}

TEST(generator, an_id_always_follows_the_same_ids) {
  const auto made = parse_trace(generated(1, 5'000), "made");
  std::vector<std::uint64_t> parents;
  std::size_t shared = 0;
  for (const auto& each : made.requests) {
    std::uint64_t parent = UINT64_MAX;
    for (const auto id : each.hash_ids) {
      if (id >= parents.size()) parents.resize(id + 1, UINT64_MAX - 1);
      if (parents[id] == UINT64_MAX - 1)
        parents[id] = parent;
      else
        ++shared;
      ASSERT_EQ(parents[id], parent) << id;
      parent = id;
    }
    EXPECT_LE(each.prompt_tokens, workload{}.longest_prompt);
  }
  EXPECT_GT(shared, parents.size() / 2);
}

}  // namespace
}  // namespace replay::test
