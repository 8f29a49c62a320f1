// SPDX-License-Identifier: Apache-2.0
// How the systems before paging give memory to requests, in examples/replay.
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/buddy.hpp>
#include <kvfolio/page/static_reservation.hpp>

#include <replay/server.hpp>

namespace replay {
namespace {

namespace page = kvfolio::page;

template <class Rule>
struct reserving : serving_without_reuse {
  using reservation = Rule;
  using page_allocator = page::buddy;
};

trace chats(std::size_t count) {
  trace made{.name = "chats", .format = "made up", .requests = {}};
  for (std::size_t i = 0; i < count; ++i) {
    made.requests.push_back({.arrival = i * 1'000'000,
                             .prompt_tokens = static_cast<std::uint32_t>(20 + i * 37 % 60),
                             .output_tokens = static_cast<std::uint32_t>(5 + i * 13 % 40),
                             .hash_ids = {}});
  }
  return made;
}

template <class Rule>
outcome serve(const trace& asked, serving_options options) {
  options.verify = true;
  options.token_bytes = 16;
  return server<paged<reserving<Rule>>>{asked, options}.run([](std::size_t) {});
}
const serving_options small{.pages = 64, .tokens_per_page = 4};

double sum(const memory_use& of) {
  return of.token_states + of.reserved + of.internal + of.external;
}

TEST(systems, that_reserve_serve_every_request) {
  const auto asked = chats(60);
  for (const auto& seen :
       {serve<page::static_maximum>(asked, small), serve<page::power_of_two>(asked, small),
        serve<page::exact>(asked, small)}) {
    EXPECT_EQ(seen.finished, 60U);
    EXPECT_EQ(seen.preemptions, 0U);
    EXPECT_GT(seen.tokens_checked, 0U);
    EXPECT_NEAR(sum(seen.memory), 1, 1e-9);
  }
}

TEST(systems, waste_as_they_reserve) {
  const auto asked = chats(60);
  const auto most = serve<page::static_maximum>(asked, small);
  const auto doubled = serve<page::power_of_two>(asked, small);
  const auto oracle = serve<page::exact>(asked, small);
  EXPECT_GT(most.memory.internal, doubled.memory.internal);
  EXPECT_GT(doubled.memory.internal, oracle.memory.internal);
  EXPECT_LT(oracle.memory.internal, 0.05) << "less than a page each";
  EXPECT_LT(most.mean.sequences, oracle.mean.sequences);
  EXPECT_LT(most.memory.token_states, oracle.memory.token_states);
}

TEST(systems, that_batch_whole_requests_wait_for_the_last) {
  const auto asked = chats(60);
  auto options = small;
  const auto by_step = serve<page::static_maximum>(asked, options);
  options.request_level = true;
  const auto by_request = serve<page::static_maximum>(asked, options);
  EXPECT_EQ(by_request.finished, 60U);
  EXPECT_GT(by_request.clock, by_step.clock);
  EXPECT_LT(by_request.mean.sequences, by_step.mean.sequences);
}

TEST(systems, a_request_for_which_no_run_can_ever_be_free_is_rejected) {
  // Of 48 pages the largest block is 32; the second request needs 40 in one piece.
  trace asked{.name = "two", .format = "made up", .requests = {}};
  asked.requests.push_back({.arrival = 0, .prompt_tokens = 20, .output_tokens = 4, .hash_ids = {}});
  asked.requests.push_back(
      {.arrival = 0, .prompt_tokens = 150, .output_tokens = 10, .hash_ids = {}});
  const auto seen = serve<page::exact>(asked, {.pages = 48, .tokens_per_page = 4});
  EXPECT_EQ(seen.finished, 1U);
  EXPECT_EQ(seen.rejected, 1U);
}

}  // namespace
}  // namespace replay
