// SPDX-License-Identifier: Apache-2.0
// What becomes of requests that give way, in examples/replay.
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/memory/heap.hpp>
#include <kvfolio/tier/host_store.hpp>

#include <replay/server.hpp>
#include <replay/tiered_system.hpp>

namespace replay {
namespace {

using store_type = kvfolio::tier::host_store<kvfolio::memory::heap>;

// Long answers to short prompts, all at once: requests must give way.
trace crowd(std::size_t count) {
  trace made{.name = "crowd", .format = "made up", .requests = {}};
  for (std::size_t i = 0; i < count; ++i) {
    made.requests.push_back({.arrival = i * 1'000'000,
                             .prompt_tokens = static_cast<std::uint32_t>(20 + i * 37 % 60),
                             .output_tokens = static_cast<std::uint32_t>(20 + i * 13 % 80),
                             .hash_ids = {}});
  }
  return made;
}

outcome serve(std::string_view tier, double link_gbps, std::size_t store_pages = 256) {
  serving_options options{.pages = 64, .tokens_per_page = 4};
  options.verify = true;
  options.token_bytes = 16;
  options.tiers.link_gbps = link_gbps;
  const kvfolio::model::page_layout layout{fingerprint::shape(options.token_bytes),
                                           options.tokens_per_page};
  store_type store{layout.bytes(), store_pages};
  const auto asked = crowd(80);
  auto seen = server<tiered<store_type>>{
      asked,
      options,
      {{tier, options.tiers, options.hardware, "llama-3-8b"},
       store}}.run([](std::size_t) {});
  EXPECT_EQ(seen.finished, 80U) << tier;
  EXPECT_GT(seen.preemptions, 20U) << tier;
  EXPECT_GT(seen.tokens_checked, 0U) << tier;
  EXPECT_EQ(store.usage().entries, 0U) << tier << " left something in the store";
  return seen;
}

TEST(tiers, that_recompute_move_nothing) {
  const auto seen = serve("recompute", 25);
  EXPECT_EQ(seen.tier.stored_pages, 0U);
  EXPECT_EQ(seen.tier.moving, 0U);
  EXPECT_GT(seen.recomputed_tokens, 0U);
}

TEST(tiers, that_swap_compute_nothing_again) {
  const auto seen = serve("swap", 25);
  EXPECT_EQ(seen.recomputed_tokens, 0U);
  EXPECT_GT(seen.tier.read_pages, 0U);
  EXPECT_LE(seen.tier.read_pages, seen.tier.stored_pages);
  EXPECT_EQ(seen.tier.moved_bytes, (seen.tier.stored_pages + seen.tier.read_pages) * 64);
  EXPECT_EQ(seen.tier.model_bytes, (seen.tier.stored_pages + seen.tier.read_pages) * 4 * 131'072);
  EXPECT_GT(serve("swap", 1).clock, seen.clock) << "over a slower link";
}

TEST(tiers, that_choose_recompute_over_a_slow_link_and_move_over_a_fast_one) {
  EXPECT_EQ(serve("auto", 0.1).tier.stored_pages, 0U);
  EXPECT_GT(serve("auto", 100).tier.stored_pages, 0U);
  const auto split = serve("split", 5);
  EXPECT_GT(split.tier.stored_pages, 0U);
  EXPECT_GT(split.tier.computed_tokens, 0U) << "while the rest was on its way";
}

TEST(tiers, survive_a_store_that_is_too_small) {
  EXPECT_GT(serve("swap", 25, 3).recomputed_tokens, 0U);
}

TEST(tiers, are_known_by_name) {
  EXPECT_THROW((chosen_tier{"compress", {}, {}, "llama-3-8b"}), std::invalid_argument);
  EXPECT_THROW((chosen_tier{"swap", {}, {}, "llama-9"}), std::invalid_argument);
  EXPECT_EQ(kv_bytes_per_token("llama-3-8b"), 131'072U);
}

}  // namespace
}  // namespace replay
