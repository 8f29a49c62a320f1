// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/eviction/priority.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/request_options.hpp>

namespace kvfolio::test {
namespace {

TEST(request_options, by_default_share_everything_and_advise_nothing) {
  constexpr request_options none;
  static_assert(none.scope == key_scope{} && none.media.empty() && none.ranges.empty());
  EXPECT_EQ(none.retention.priority, retention_hint{}.priority);
  EXPECT_EQ(none.retention.next_turn, continuation::unknown);
  EXPECT_EQ(none.session, session_id{});
}

struct by_priority : default_policies {
  using eviction = kvfolio::eviction::priority;
};

class retention_by_range : public testing::Test {
 protected:
  static constexpr std::size_t per_page = 2;

  // Computes `prompt`, and forgets the sequence.
  void serve(const std::vector<token_id>& prompt, const request_options& options = {}) {
    auto kv = cache_.create(prompt, options).value();
    kv.append(prompt.size() - kv.length()).value();
    kv.commit(std::span{prompt}.subspan(kv.committed()));
  }
  // Leading pages of `prompt` that are there.
  [[nodiscard]] std::size_t cached(std::vector<token_id> prompt) const {
    prompt.push_back(0);
    return cache_.probe(prompt).hit_tokens / per_page;
  }
  // Evicts `pages` of the six, all of which are cached.
  void evict(std::size_t pages) {
    auto kv = cache_.create({}).value();
    kv.append(pages * per_page).value();
    EXPECT_STREQ(cache_.check_invariants(), nullptr);
  }

  const std::vector<token_id> document_{1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<token_id> other_{11, 12, 13, 14};
  paged_cache<by_priority> cache_{{.shape = model::grouped_query(1, 1, 4, dtype::f16),
                                   .tokens_per_page = per_page,
                                   .pages = 6}};
};

TEST_F(retention_by_range, pages_leave_by_the_priority_of_their_tokens) {
  const std::array ranges{retention_range{.end_token = 4, .priority = 80},
                          retention_range{.first_token = 4, .priority = 10}};
  serve(document_, {.ranges = ranges});
  serve(other_);
  evict(1);
  EXPECT_EQ(cached(document_), 3U);
  evict(2);
  EXPECT_EQ(cached(document_), 2U) << "the free page, and one more";
  EXPECT_EQ(cached(other_), 2U);
  evict(4);
  EXPECT_EQ(cached(other_), 0U);
  EXPECT_EQ(cached(document_), 2U);
}

TEST_F(retention_by_range, what_no_range_has_goes_by_the_hint_of_the_request) {
  const std::array ranges{retention_range{.end_token = 4, .priority = 80}};
  serve(other_);
  serve(document_, {.retention = {.priority = 60}, .ranges = ranges});
  evict(2);
  EXPECT_EQ(cached(other_), 0U);
  evict(4);
  EXPECT_EQ(cached(document_), 2U);
}

TEST_F(retention_by_range, durations_end_exactly_and_begin_again_with_each_use) {
  const std::array ranges{retention_range{.priority = 80, .duration = 100}};
  cache_.advance(1'000);
  serve(document_, {.ranges = ranges});
  serve(other_);
  cache_.advance(1'099);
  evict(1);
  EXPECT_EQ(cached(document_), 4U);
  EXPECT_EQ(cached(other_), 1U);
  cache_.advance(1'100);
  evict(2);
  EXPECT_EQ(cached(document_), 3U) << "no better than the other, and older";
  EXPECT_EQ(cached(other_), 1U);

  serve({1, 2, 3, 4, 0}, {.ranges = ranges});  // finds two of its pages
  cache_.advance(1'199);
  evict(5);
  EXPECT_EQ(cached(document_), 1U) << "used at 1,100; one had to leave all the same";
  EXPECT_EQ(cached(other_), 0U);
}

}  // namespace
}  // namespace kvfolio::test
