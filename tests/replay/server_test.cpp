// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <replay/server.hpp>

namespace replay::test {
namespace {

using testing::ElementsAre;

constexpr nanoseconds ms = 1'000'000;

// Prefills one token a millisecond, and decodes ten times a second.
serving_options slow(std::uint32_t pages, std::uint32_t samples = 1) {
  return {.pages = pages,
          .tokens_per_page = 4,
          .chunk = 64,
          .hardware = {.prefill_tps = 1'000, .decode_sps = 10},
          .samples = samples,
          .verify = true};
}

trace of(std::vector<request> requests) {
  return {.name = "a test", .format = "none", .requests = std::move(requests)};
}

template <class Policies = serving>
outcome serve(const trace& requests, const serving_options& options) {
  return server<paged<Policies>>{requests, options}.run([](std::size_t) {});
}

TEST(server_clock, a_request_waits_for_its_chunks_and_then_for_each_step) {
  const auto seen = serve(of({{0, 100, 3, {}}}), slow(100));
  // 64 tokens; 36 tokens and a step; a step; a step.
  EXPECT_EQ(seen.steps, 4U);
  EXPECT_THAT(seen.first_token, ElementsAre(200 * ms));
  EXPECT_THAT(seen.per_token, ElementsAre(100 * ms));
  EXPECT_EQ(seen.clock, 400 * ms);
}

TEST(server_clock, who_arrives_in_a_step_is_served_in_the_next) {
  const auto seen = serve(of({{0, 100, 3, {}}, {70 * ms, 30, 1, {}}}), slow(100));
  // Steps end at 64, 200, 330 (30 tokens and both decode) and 430.
  EXPECT_THAT(seen.first_token, ElementsAre(260 * ms, 200 * ms)) << "in the order of the ends";
  EXPECT_THAT(seen.per_token, ElementsAre(115 * ms));
  EXPECT_EQ(seen.clock, 430 * ms);
}

TEST(server_clock, idle_time_jumps_to_the_next_arrival) {
  const auto seen = serve(of({{0, 10, 1, {}}, {5'000 * ms, 10, 1, {}}}), slow(100));
  EXPECT_THAT(seen.first_token, ElementsAre(110 * ms, 110 * ms));
  EXPECT_EQ(seen.clock, 5'110 * ms);
  EXPECT_EQ(seen.steps, 2U);
  EXPECT_DOUBLE_EQ(seen.mean.sequences, 1) << "idle time does not count";
}

TEST(server_clock, each_part_of_a_step_is_rounded_down_to_a_nanosecond) {
  auto options = slow(100);
  options.hardware = {.prefill_tps = 3, .decode_sps = 7};
  const auto seen = serve(of({{0, 2, 1, {}}}), options);
  EXPECT_EQ(seen.clock, 666'666'666U + 142'857'142U);
}

TEST(server_clock, a_request_without_output_ends_with_its_prompt) {
  const auto seen = serve(of({{0, 10, 0, {}}}), slow(100));
  EXPECT_EQ(seen.finished, 1U);
  EXPECT_EQ(seen.clock, 10 * ms);
  EXPECT_TRUE(seen.first_token.empty());
}

TEST(server_preemption, the_latest_gives_way_and_keeps_what_it_generated) {
  // Four pages of four tokens. Both start together; in the third step the first needs its third
  // page, so that the second, with two tokens generated, has to wait until the first has all six.
  const auto seen = serve<serving_without_reuse>(of({{0, 6, 6, {}}, {0, 4, 6, {}}}), slow(4));
  EXPECT_EQ(seen.finished, 2U);
  EXPECT_EQ(seen.preemptions, 1U);
  EXPECT_EQ(seen.recomputed_tokens, 6U) << "four of the prompt and two generated";
  EXPECT_EQ(seen.generated_tokens, 12U);
  EXPECT_THAT(seen.first_token, ElementsAre(110 * ms, 110 * ms));
  // The second goes on at 610: six tokens and a step, and three steps more.
  EXPECT_EQ(seen.clock, 1'016 * ms);
  EXPECT_THAT(seen.per_token, ElementsAre(100 * ms, (1'016 - 110) * ms / 5));
  EXPECT_EQ(seen.steps, 10U);
}

TEST(server_preemption, who_was_preempted_comes_before_those_who_wait) {
  // As above, with a third request that waits and would fit when the second does.
  const auto seen =
      serve<serving_without_reuse>(of({{0, 6, 6, {}}, {0, 4, 6, {}}, {1, 16, 1, {}}}), slow(5));
  EXPECT_EQ(seen.finished, 3U);
  EXPECT_EQ(seen.preemptions, 2U) << "it came back to the pages that it had, and needs one more";
  ASSERT_EQ(seen.first_token.size(), 3U);
  EXPECT_GT(seen.first_token[2], 110 * ms) << "the third ends last, for it began last";
}

TEST(server_progress, what_can_never_fit_is_rejected_and_the_rest_goes_on) {
  const auto seen =
      serve(of({{0, 17, 1, {}}, {0, 16, 1, {}}, {0, 4, 13, {}}, {0, 16, 0, {}}, {0, 15, 1, {}}}),
            slow(4));
  EXPECT_EQ(seen.rejected, 3U) << "also where the prompt fits exactly and the output does not";
  EXPECT_EQ(seen.finished, 2U);
}

TEST(server_progress, a_watermark_above_the_pool_still_admits_one_at_a_time) {
  auto options = slow(4);
  options.watermark = 1'000;
  const auto seen = serve(of({{0, 6, 6, {}}, {0, 4, 6, {}}}), options);
  EXPECT_EQ(seen.finished, 2U);
  EXPECT_EQ(seen.preemptions, 0U);
  EXPECT_EQ(seen.peak.sequences, 1);
}

TEST(server_progress, every_small_pool_serves_whom_it_can) {
  std::vector<request> requests;
  for (std::uint32_t i = 0; i < 40; ++i) {
    requests.push_back({i * ms, 1 + i * 7 % 23, i * 5 % 19, {}});
  }
  const auto asked = of(requests);
  for (std::uint32_t samples = 1; samples <= 3; ++samples) {
    for (std::uint32_t pages = 1; pages <= 24; ++pages) {
      SCOPED_TRACE(fmt::format("{} samples, {} pages", samples, pages));
      const auto seen = serve<serving_without_reuse>(asked, slow(pages, samples));
      EXPECT_EQ(seen.finished + seen.rejected, requests.size());
      EXPECT_EQ(seen.events.pages_allocated(), seen.events.pages_freed);
    }
  }
}

TEST(server_order, whose_prefix_is_cached_goes_first_until_others_lose_patience) {
  // Two documents by turns, of which the pool holds one; each request asks about its own last page.
  std::vector<request> asked;
  for (std::uint32_t i = 0; i < 8; ++i) asked.push_back({0, 20, 1, {i % 2, 100 + i}});
  auto requests = of(std::move(asked));
  requests.tokens_per_hash = 16;
  auto options = slow(6);
  options.max_batch = 1;
  const auto first_come = serve(requests, options);
  EXPECT_EQ(first_come.hit_tokens, 0U);
  EXPECT_EQ(first_come.finished, 8U);

  using kvfolio::prefix::admission;
  for (const auto rule : {admission::longest_prefix, admission::depth_first}) {
    options.admit = rule;
    options.patience = 64;
    const auto ordered = serve(requests, options);
    EXPECT_EQ(ordered.finished, 8U);
    EXPECT_EQ(ordered.hit_tokens, 96U) << "all but the first of each document";
    options.patience = 0;
    EXPECT_EQ(serve(requests, options).first_token, first_come.first_token);
  }
}

TEST(server_samples, share_the_prompt_and_copy_its_last_page) {
  // Three samples of a prompt of two and a half pages: two copy the half page, one writes in place.
  const auto seen = serve(of({{0, 10, 2, {}}}), slow(100, 3));
  EXPECT_EQ(seen.generated_tokens, 6U);
  EXPECT_EQ(seen.events.forks, 2U);
  EXPECT_EQ(seen.events.page_copies, 2U);
  EXPECT_EQ(seen.events.tokens_copied, 4U);
  EXPECT_EQ(seen.events.copies_saved(), 4U) << "the two full pages, twice";
  EXPECT_EQ(seen.peak.pages, 5);
  EXPECT_EQ(seen.clock, 210 * ms);
}

struct lying_copies : kv::host_copies {
  using host_copies::host_copies;
  void submit(const kv::copy_op& op, const kv::model::page_array& pages) noexcept {
    pages.copy(op);
    pages[op.destination][pages.layout().value(2, 0, op.tokens - 1)] ^= std::byte{1};
  }
};
struct lying : serving {
  using copies = lying_copies;
};

TEST(server_verify, finds_one_wrong_bit_in_a_copy) {
  const auto asked = of({{0, 10, 2, {}}});
  auto options = slow(100, 2);
  options.token_bytes = 24;
  EXPECT_NO_THROW(serve<serving>(asked, options));
  try {
    serve<lying>(asked, options);
    FAIL() << "was not found";
  } catch (const corruption& problem) {
    EXPECT_THAT(problem.what(), testing::StartsWith("request 0, sample "));
    EXPECT_THAT(problem.what(), testing::HasSubstr("token 9 of 10: page "));
    EXPECT_THAT(problem.what(), testing::HasSubstr("layer 2 holds "));
  }
  options.verify = false;
  EXPECT_NO_THROW(serve<lying>(asked, options)) << "who does not look does not see";
}

}  // namespace
}  // namespace replay::test
