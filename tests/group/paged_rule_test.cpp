// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/group/any_rule.hpp>
#include <kvfolio/group/paged_rule.hpp>

namespace kvfolio::test {
namespace {

using paged = group::paged_rule<group::any_rule>;

TEST(paged_rule, a_page_is_needed_as_long_as_one_of_its_tokens_is) {
  const paged window{group::sliding_window{8}, 4};
  EXPECT_EQ(window.first_page(10), 0U) << "position 3 is read, in the first page";
  EXPECT_EQ(window.first_page(11), 1U);
  EXPECT_EQ(window.first_page(14), 1U);
  EXPECT_EQ(window.first_page(15), 2U);
}

TEST(paged_rule, pages_of_sinks_are_apart) {
  const paged window{group::sliding_window{8, 5}, 4};
  EXPECT_EQ(window.sink_pages(), 2U);
  EXPECT_EQ(window.first_page(0), 2U);
  EXPECT_EQ(window.first_page(100), 23U);
}

TEST(paged_rule, at_the_boundary_of_a_chunk_no_page_is_needed) {
  const paged chunks{group::chunked_local{8}, 4};
  EXPECT_EQ(chunks.first_page(16), 4U) << "which is not there yet";
  EXPECT_EQ(chunks.first_page(17), 4U);
  EXPECT_EQ((paged{group::chunked_local{6}, 4}.first_page(6)), 1U)
      << "its own tokens come to lie in the page where the chunk before ended";
}

TEST(paged_rule, a_state_may_end_at_a_checkpoint_alone_and_is_copied_whole) {
  const paged states{group::state{8}, 8};
  EXPECT_TRUE(states.may_end(16));
  EXPECT_FALSE(states.may_end(15));
  EXPECT_EQ(states.entries(3), 1U);
  EXPECT_EQ(states.settled(3), 0U) << "the next token overwrites it";
  const paged all{group::full{}, 8};
  EXPECT_TRUE(all.may_end(15));
  EXPECT_EQ(all.entries(3), 3U);
  EXPECT_EQ(all.settled(3), 3U);
}

// Scenario 39: the admission cap of a window does not grow with the sequence.
TEST(paged_rule, the_most_pages_are_those_of_the_window_and_a_step_and_one_more) {
  const paged window{group::sliding_window{1024}, 16};
  EXPECT_EQ(window.most_pages(131'072, 1), 64U + 1U);
  EXPECT_EQ(window.most_pages(131'072, 2'048), 192U + 1U);
  EXPECT_EQ(window.most_pages(100, 1), 7U) << "never more than the sequence has";
  EXPECT_EQ(window.most_pages(5'000, SIZE_MAX), 313U) << "in one step all are there";
  EXPECT_EQ((paged{group::full{}, 16}.most_pages(131'072, 1)), 8'192U);
  EXPECT_EQ((paged{group::state{512}, 512}.most_pages(131'072, 1)), 2U);
}

TEST(paged_rule, the_most_pages_are_a_tight_bound_at_every_length_and_step) {
  for (const auto& rule :
       {paged{group::sliding_window{9, 3}, 4}, paged{group::chunked_local{10}, 4},
        paged{group::state{4}, 4}, paged{group::full{}, 4}}) {
    for (std::size_t step = 1; step < 12; ++step) {
      const std::size_t length = 200;
      std::size_t most = 0;
      for (std::size_t complete = 0; complete + step <= length; ++complete) {
        const auto end = rule.pages(complete + step);
        const auto first = std::min(rule.first_page(complete), end);
        most = std::max(most, end - first + std::min(rule.sink_pages(), first));
      }
      EXPECT_LE(most, rule.most_pages(length, step));
      EXPECT_GE(most + 1, rule.most_pages(length, step)) << "a page too many, at most";
    }
  }
}

#ifndef NDEBUG
TEST(paged_rule_death, pages_without_tokens_are_a_contract_violation) {
  EXPECT_DEATH((paged{group::full{}, 0}), "tokens_per_page");
}
#endif

}  // namespace
}  // namespace kvfolio::test
