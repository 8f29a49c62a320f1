// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <list>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <semantics_future.hpp>
#include <semantics_row.hpp>

namespace replay::test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Requests made by hand, of whole blocks of 512 tokens.
class written_trace {
 public:
  written_trace& add(std::initializer_list<std::uint64_t> ids, std::uint64_t at_ms = 0,
                     std::uint64_t output_tokens = 0) {
    ids_.emplace_back(ids);
    requests_.push_back({at_ms, 512 * ids.size(), output_tokens, ids_.back()});
    return *this;
  }
  [[nodiscard]] const std::vector<block_request>& requests() const { return requests_; }
  semantics_counts run(semantics mode, std::size_t capacity,
                       std::string_view policy = "lru") const {
    return run_semantics(requests_, mode, policy, capacity);
  }

 private:
  std::list<std::vector<std::uint64_t>> ids_;
  std::vector<block_request> requests_;
};

TEST(semantics, plain_counts_every_hit_and_a_prefix_only_leading_ones) {
  written_trace trace;
  trace.add({1, 2}).add({3, 2});
  EXPECT_EQ(trace.run(semantics::plain, 4).hit_blocks, 1U);
  written_trace chains;
  chains.add({1, 2, 3}).add({4}).add({1, 2, 3});
  EXPECT_EQ(chains.run(semantics::a_l, 3).hit_blocks, 2U) << "block 3, a leaf, had to leave";
  EXPECT_EQ(chains.run(semantics::a_n, 3).hit_blocks, 0U) << "block 1, the oldest, had to leave";
}

TEST(semantics, the_tokens_of_a_hit_end_with_the_prompt) {
  const std::vector<std::uint64_t> ids{1, 2};
  const std::vector<block_request> requests{{0, 600, 0, ids}, {0, 600, 0, ids}};
  EXPECT_EQ(run_semantics(requests, semantics::a_l, "lru", 4).hit_tokens, 600U);
}

TEST(semantics, a_request_in_service_keeps_its_blocks) {
  written_trace trace;
  trace.add({1, 2}, 0, 50).add({3, 4}, 100).add({1, 2}, 200);
  const auto counts = trace.run(semantics::b_l, 3);
  EXPECT_EQ(counts.hit_blocks, 2U) << "the first runs for 1,051 ms";
  EXPECT_EQ(counts.evictions, 0U) << "of the second, one block finds room";
  EXPECT_EQ(trace.run(semantics::a_l, 3).hit_blocks, 1U);
}

TEST(semantics, the_service_ends_at_its_last_millisecond) {
  written_trace trace;
  trace.add({1}, 0, 50).add({2}, 1'025).add({1}, 1'026);
  EXPECT_EQ(trace.run(semantics::b_l, 1).hit_blocks, 0U) << "25 ms of input and 1,000 of output";
  written_trace earlier;
  earlier.add({1}, 0, 50).add({2}, 1'024).add({1}, 1'024);
  EXPECT_EQ(earlier.run(semantics::b_l, 1).hit_blocks, 1U);
}

TEST(semantics, names_are_read_back) {
  for (const auto mode :
       {semantics::plain, semantics::a_l, semantics::a_u, semantics::a_n, semantics::b_l}) {
    EXPECT_EQ(parse_semantics(to_string(mode)), mode);
  }
}

TEST(semantics, refuses_what_it_does_not_know_and_says_what_it_does) {
  written_trace trace;
  trace.add({1});
  const auto message = [](const char* text) {
    return ThrowsMessage<std::invalid_argument>(HasSubstr(text));
  };
  EXPECT_THAT([&] { trace.run(semantics::plain, 1, "lri"); },
              message("'lri'; there are fifo, lru"));
  EXPECT_THAT([] { static_cast<void>(parse_semantics("A-X")); }, message("plain, A-L"));
  EXPECT_THAT([&] { trace.run(semantics::plain, 0); }, message("from 1 to"));
}

TEST(semantics, the_optimum_is_of_requests_that_take_no_time) {
  written_trace trace;
  trace.add({1, 2}).add({3}).add({1, 2});
  const auto best = trace.run(semantics::a_l, 2, "opt_bypass");
  EXPECT_EQ(best.hit_blocks, 2U);
  EXPECT_EQ(best.bypassed_inserts, std::nullopt);
  for (const auto mode : {semantics::plain, semantics::b_l}) {
    EXPECT_THAT([&] { trace.run(mode, 2, "opt_bypass"); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("A-L, A-U and A-N are right")));
  }
}

TEST(semantics, of_blocks_wanted_together_the_optimum_keeps_the_beginning) {
  written_trace trace;
  trace.add({1, 2, 3}).add({1, 2, 3});
  EXPECT_EQ(trace.run(semantics::a_l, 2, "opt_bypass").hit_blocks, 2U);
}

TEST(semantics, belady_evicts_what_is_wanted_last_and_of_equals_what_was_used_first) {
  written_trace trace;
  trace.add({1}).add({2}).add({3}).add({1}).add({2});
  EXPECT_EQ(trace.run(semantics::plain, 2, "belady").hit_blocks, 1U) << "3 had to come in";
  written_trace never;
  never.add({1}).add({2}).add({3}).add({4});
  EXPECT_EQ(never.run(semantics::plain, 2, "belady").evictions, 2U);
}

// Sessions of two turns, and as many that have one.
written_trace half_continued(std::uint64_t sessions) {
  written_trace trace;
  for (std::uint64_t session = 1; session <= sessions; ++session) {
    trace.add({4 * session}).add({4 * session + 1});
    if (session > 8) trace.add({4 * (session - 8), 4 * (session - 8) + 2});
  }
  return trace;
}

TEST(semantics, a_hint_is_right_70_times_of_100_and_equal_seeds_are_wrong_alike) {
  const auto trace = half_continued(3'000);
  const auto guesses = guess_continuations(trace.requests(), 512, 1);
  std::size_t right = 0;
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    const auto& request = trace.requests()[i];
    const bool goes_on = request.hash_ids.size() == 1 && request.hash_ids[0] % 4 == 0 &&
                         request.hash_ids[0] / 4 + 8 <= 3'000;
    right += goes_on == (guesses[i] == kvfolio::continuation::expected) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(right) / static_cast<double>(guesses.size()), 0.7, 0.02);
  EXPECT_EQ(guess_continuations(trace.requests(), 512, 1), guesses);
  EXPECT_NE(guess_continuations(trace.requests(), 512, 2), guesses);
}

TEST(semantics, a_policy_that_heeds_hints_hits_more_often) {
  const auto trace = half_continued(400);
  const auto hits = [&](std::string_view policy, std::optional<std::uint64_t> seed) {
    return run_semantics(trace.requests(), semantics::a_l, policy, 16, 512, seed).hit_blocks;
  };
  EXPECT_EQ(hits("hinted_lru", {}), hits("lru", {})) << "without hints it is LRU";
  EXPECT_EQ(hits("lru", 1), hits("lru", {}));
  EXPECT_GT(hits("hinted_lru", 1), 2 * hits("lru", {}));
}

TEST(semantics, refuses_a_trace_without_ids) {
  written_trace trace;
  trace.add({});
  EXPECT_THAT([&] { trace.run(semantics::plain, 1); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("no hash ids")));
}

TEST(semantics, refuses_an_id_with_two_parents_where_that_matters) {
  written_trace trace;
  trace.add({1, 2}).add({3, 2});
  EXPECT_THAT([&] { trace.run(semantics::a_l, 4); },
              ThrowsMessage<std::invalid_argument>(
                  HasSubstr("hash id 2 comes after 1 in one request and 3 in another")));
}

TEST(semantics, a_row_has_the_published_keys_in_their_order) {
  written_trace trace;
  trace.add({1, 2}).add({1, 2, 3});
  EXPECT_EQ(semantics_row("t", semantics::plain, "lru", 4, trace.run(semantics::plain, 4)).dump(),
            R"({"trace":"t","policy":"lru","capacity":4,"requests":5,"hits":2,"misses":3})");
  EXPECT_EQ(semantics_row("t", semantics::a_l, "lru", 4, trace.run(semantics::a_l, 4)).dump(),
            R"({"trace":"t","mode":"A-L","policy":"lru","capacity":4,"requests":2,"block_refs":5,)"
            R"("hit_blocks":2,"miss_blocks":3,"input_tokens":2560,"hit_tokens":1024,)"
            R"("hit_token_rate":0.4,"evictions":0,"bypassed_inserts":0})");
}

}  // namespace
}  // namespace replay::test
