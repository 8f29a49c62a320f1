// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/kvfolio.hpp>

namespace kvfolio::test {
namespace {

struct counted : default_policies {
  using memory = kvfolio::memory::statistics<kvfolio::memory::heap>;
  using observer = counting_observer;
};

TEST(cache_reports, counts_what_sequences_use_share_and_waste) {
  paged_cache<counted> cache{
      {.shape = model::grouped_query(1, 1, 2, dtype::f16), .tokens_per_page = 4, .pages = 8}};
  const std::vector<token_id> prompt(6, 1);
  auto one = cache.create(prompt).value();
  one.append(6).value();
  one.commit(prompt);
  auto other = one.fork().value();
  const auto seen = cache.statistics();
  EXPECT_EQ(seen.pages, 8U);
  EXPECT_EQ(seen.used_pages, 2U);
  EXPECT_EQ(seen.free_pages, 6U);
  EXPECT_EQ(seen.used_bytes, 2 * cache.layout().bytes());
  EXPECT_EQ(seen.sequences, 2U);
  EXPECT_EQ(seen.tokens, 12U);
  EXPECT_EQ(seen.committed_tokens, 12U);
  EXPECT_EQ(seen.table_pages, 4U);
  EXPECT_EQ(seen.slack_tokens, 4U);
  EXPECT_EQ(cache.pins(one.page_at(0)), 2U);
  EXPECT_EQ(cache.check_invariants(), nullptr);
  EXPECT_EQ(cache.observer().counts().page_faults, 2U);
  EXPECT_EQ(cache.memory().used().bytes, 8 * cache.layout().bytes());
}

TEST(cache_reports, a_digest_changes_with_the_state_and_comes_back_with_it) {
  paged_cache<> cache{{.shape = model::grouped_query(1, 1, 2, dtype::f16), .pages = 8}};
  const auto before = cache.state_digest();
  {
    auto one = cache.create().value();
    EXPECT_NE(cache.state_digest(), before);
  }
  EXPECT_EQ(cache.state_digest(), before);
}

}  // namespace
}  // namespace kvfolio::test
