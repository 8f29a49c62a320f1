// SPDX-License-Identifier: Apache-2.0
// Traces so small that what is found, missed and evicted can be counted by hand.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/clock.hpp>
#include <kvfolio/eviction/sieve.hpp>

#include <replay/report.hpp>
#include <replay/server.hpp>

namespace replay::test {
namespace {

using testing::ElementsAre;

constexpr nanoseconds ms = 1'000'000;

// Prefills one token a millisecond, and decodes ten times a second; four tokens a page.
serving_options slow(std::uint32_t pages, std::uint32_t samples = 1) {
  return {.pages = pages,
          .tokens_per_page = 4,
          .chunk = 64,
          .hardware = {.prefill_tps = 1'000, .decode_sps = 10},
          .samples = samples,
          .verify = true};
}

// Eight tokens a hash id: two pages.
trace of(std::vector<request> requests) {
  return {
      .name = "a test", .format = "none", .requests = std::move(requests), .tokens_per_hash = 8};
}

template <class Policies = serving>
outcome serve(const trace& requests, const serving_options& options) {
  return server<paged<Policies>>{requests, options}.run([](std::size_t) {});
}

TEST(server_reuse, only_what_was_not_found_is_computed) {
  const auto seen = serve(of({{0, 20, 1, {1, 2, 3}}, {5'000 * ms, 20, 1, {1, 2, 4}}}), slow(100));
  EXPECT_EQ(seen.asked_tokens, 40U);
  EXPECT_EQ(seen.hit_tokens, 16U);
  EXPECT_DOUBLE_EQ(seen.hit_token_rate(), 0.4);
  EXPECT_EQ(seen.prefill_tokens, 24U);
  EXPECT_THAT(seen.first_token, ElementsAre(120 * ms, 104 * ms));
  EXPECT_EQ(seen.clock, 5'104 * ms);
  EXPECT_EQ(seen.prefixes.hits_by_depth[0], 1U);
  EXPECT_EQ(seen.prefixes.hits_by_depth[1], 1U);
  EXPECT_EQ(seen.prefixes.hits_by_depth[2], 2U) << "depths 2 and 3";
  EXPECT_EQ(seen.prefixes.missed(miss_cause::cold), 4U) << "by the first; the fifth page, with the "
                                                           "last token, can never be found";
  EXPECT_DOUBLE_EQ(seen.prefixes.age_at_hit.summed_up().mean, 5e9);
  EXPECT_EQ(seen.tokens_checked, 21U + 16U + 21U) << "what was found is checked at once";
  EXPECT_EQ(seen.events.pages_allocated(), 6U + 2U);
}

TEST(server_reuse, the_last_token_of_a_prompt_is_always_computed) {
  const auto seen = serve(of({{0, 16, 1, {1, 2}}, {5'000 * ms, 16, 1, {1, 2}}}), slow(100));
  EXPECT_EQ(seen.hit_tokens, 12U);
  EXPECT_EQ(seen.first_token.back(), 104 * ms);
}

TEST(server_reuse, a_generated_token_is_found_by_nobody_else) {
  const auto seen = serve(of({{0, 8, 9, {1}}, {5'000 * ms, 24, 1, {1, 2, 3}}}), slow(100));
  EXPECT_EQ(seen.hit_tokens, 8U);
}

TEST(server_reuse, the_deepest_pages_leave_first_and_the_rest_is_still_found) {
  // Six pages. The second request evicts three pages of the first, which comes again then, finds
  // one, and evicts three of the second.
  const auto seen = serve(
      of({{0, 16, 1, {1, 2}}, {1'000 * ms, 16, 1, {3, 4}}, {2'000 * ms, 16, 1, {1, 2}}}), slow(6));
  EXPECT_EQ(seen.finished, 3U);
  EXPECT_EQ(seen.asked_tokens, 48U);
  EXPECT_EQ(seen.hit_tokens, 4U);
  EXPECT_EQ(seen.prefixes.evicted, 6U);
  EXPECT_EQ(seen.prefixes.evicted_unused, 6U);
  EXPECT_EQ(seen.prefixes.missed(miss_cause::cold), 6U);
  EXPECT_EQ(seen.prefixes.missed(miss_cause::capacity), 2U);
  EXPECT_EQ(seen.prefixes.age_at_eviction.summed_up().durations, 6U);
  EXPECT_EQ(seen.peak.pages, 5);
  EXPECT_EQ(seen.preemptions, 0U);
}

TEST(server_reuse, who_is_preempted_finds_its_own_pages_again) {
  // Four pages. The second request loses its pages with six tokens, and finds four of them again.
  const auto seen = serve(of({{0, 6, 6, {}}, {0, 4, 6, {}}}), slow(4));
  EXPECT_EQ(seen.finished, 2U);
  EXPECT_EQ(seen.preemptions, 1U);
  EXPECT_EQ(seen.resumed_tokens, 6U);
  EXPECT_EQ(seen.resumed_hit_tokens, 4U);
  EXPECT_EQ(seen.recomputed_tokens, 2U);
  EXPECT_EQ(seen.hit_tokens, 0U) << "what is found again is not a hit of the prompt";
  EXPECT_EQ(seen.clock, 1'012 * ms);
}

TEST(server_reuse, nothing_is_found_after_the_model_has_changed) {
  auto options = slow(100);
  options.invalidate_every = 2'000 * ms;
  const auto seen = serve(
      of({{0, 16, 1, {1, 2}}, {1'000 * ms, 16, 1, {1, 2}}, {5'000 * ms, 16, 1, {1, 2}}}), options);
  EXPECT_EQ(seen.hit_tokens, 12U);
  EXPECT_EQ(seen.prefixes.missed(miss_cause::cold), 3U);
  EXPECT_EQ(seen.prefixes.missed(miss_cause::invalidated), 3U);
}

TEST(server_reuse, two_that_compute_the_same_at_a_time_are_both_right) {
  const auto seen = serve(
      of({{0, 64, 9, {1, 2, 3, 4, 5, 6, 7, 8}}, {0, 64, 9, {1, 2, 3, 4, 5, 6, 7, 8}}}), slow(100));
  EXPECT_EQ(seen.finished, 2U);
  EXPECT_EQ(seen.hit_tokens, 0U);
  EXPECT_EQ(seen.tokens_checked, 2U * 73U);
}

TEST(server_reuse, who_holds_pages_twice_and_needs_the_whole_pool_begins_again) {
  // Both compute the same four pages, of which the second holds two of each. Alone and with 24
  // tokens it finds five pages again, but has the sixth twice: its last token must be computed. So
  // it has the ninth twice with 36 tokens, gains nothing by trying again, and empties the cache.
  const auto seen = serve(of({{0, 16, 1, {1, 2}}, {0, 16, 24, {1, 2}}}), slow(10));
  EXPECT_EQ(seen.finished, 2U);
  EXPECT_EQ(seen.preemptions, 3U);
  EXPECT_EQ(seen.restarts, 1U);
  EXPECT_EQ(seen.resumed_tokens, 24U + 36U + 36U);
  EXPECT_EQ(seen.resumed_hit_tokens, 20U + 32U);
  EXPECT_EQ(seen.recomputed_tokens, 4U + 4U + 36U);
}

TEST(server_reuse, without_it_nothing_is_ever_cached) {
  const auto seen = serve<serving_without_reuse>(
      of({{0, 16, 1, {1, 2}}, {5'000 * ms, 16, 1, {1, 2}}}), slow(100));
  EXPECT_EQ(seen.hit_tokens, 0U);
  EXPECT_EQ(seen.peak.cached, 0);
  EXPECT_EQ(seen.events.pages_freed, seen.events.pages_allocated());
}

template <class Eviction>
struct evicting_by : serving {
  using eviction = Eviction;
};

template <class Eviction>
class server_pressure : public testing::Test {};
using evictions =
    testing::Types<kv::eviction::lru, kv::eviction::clock, kv::eviction::sieve, kv::eviction::arc>;
TYPED_TEST_SUITE(server_pressure, evictions);

TYPED_TEST(server_pressure, every_small_pool_serves_whom_it_can) {
  std::vector<request> requests;
  for (std::uint32_t i = 0; i < 60; ++i) {
    request each{i * 40 * ms, 1 + i * 7 % 23, i * 5 % 19, {}};
    for (std::uint64_t block = 0; block < kv::ceil_div(each.prompt_tokens, 8U); ++block) {
      each.hash_ids.push_back(10 * block + (block == 0 ? 0 : i % (block + 2)));
    }
    requests.push_back(each);
  }
  const auto asked = of(requests);
  std::uint64_t evicted = 0;
  for (std::uint32_t samples = 1; samples <= 3; ++samples) {
    for (std::uint32_t pages = 1; pages <= 30; ++pages) {
      SCOPED_TRACE(fmt::format("{} samples, {} pages", samples, pages));
      auto options = slow(pages, samples);
      if (pages % 3 == 0) options.invalidate_every = 300 * ms;
      const auto seen = serve<evicting_by<TypeParam>>(asked, options);
      EXPECT_EQ(seen.finished + seen.rejected, requests.size());
      EXPECT_GE(seen.events.pages_indexed, seen.prefixes.evicted);
      evicted += seen.prefixes.evicted;
    }
  }
  EXPECT_GT(evicted, 1'000U);
}

struct lying_hits : kv::prefix::radix {
  using basic_radix::basic_radix;
  // Passes the page before for the one that was found.
  kv::prefix_cursor match(const kv::prefix_realm& realm, std::span<const kv::token_id> tokens,
                          std::span<kv::page_id> out) const noexcept {
    const auto found = basic_radix::match(realm, tokens, out);
    if (found.pages == 3) std::swap(out[0], out[1]);
    return found;
  }
};
struct lying : serving {
  using prefix_index = lying_hits;
};

TEST(server_verify, finds_pages_that_were_found_in_the_wrong_place) {
  const auto asked = of({{0, 16, 0, {1, 2}}, {5'000 * ms, 16, 0, {1, 2}}});
  try {
    serve<lying>(asked, slow(100));
    FAIL() << "was not found";
  } catch (const corruption& problem) {
    EXPECT_THAT(problem.what(), testing::StartsWith("request 1, sample 0, token 0 of 12: page 1"));
  }
}

TEST(json_report, is_equal_for_equal_runs_and_says_what_was_found) {
  const auto asked =
      of({{0, 16, 1, {1, 2}}, {1'000 * ms, 16, 1, {3, 4}}, {2'000 * ms, 16, 1, {1, 2}}});
  const auto options = slow(6);
  const auto report = [&] {
    const auto seen = serve(asked, options);
    return nlohmann::json::parse(
        json_report(std::vector{reported{asked, options, "paged", "lru", seen, 0}}));
  };
  const auto once = report();
  EXPECT_EQ(once, report());
  const auto& reuse = once["reuse"];
  EXPECT_EQ(reuse["hit_token_rate"], 0.083333);
  EXPECT_EQ(reuse["hit_pages_by_depth"], nlohmann::json::array({1}));
  EXPECT_EQ(reuse["missed_pages"],
            (nlohmann::json{{"cold", 6}, {"capacity", 2}, {"invalidated", 0}, {"withdrawn", 0}}));
  EXPECT_EQ(reuse["evicted_pages"], 6);
  EXPECT_EQ(once["mean"].count("cached_pages"), 1U);
}

}  // namespace
}  // namespace replay::test
