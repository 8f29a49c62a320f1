// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/kvfolio.hpp>

#include "support/random_steps.hpp"

namespace kvfolio::test {
namespace {

template <class Allocator>
struct growing : default_policies {
  using page_allocator = Allocator;
};

template <class Allocator>
class cache_upkeep_of : public testing::Test {
 protected:
  using cache_type = paged_cache<growing<Allocator>>;

  [[nodiscard]] static std::vector<token_id> numbers(std::size_t count, token_id first = 0) {
    std::vector<token_id> made(count);
    for (auto& each : made) each = first++;
    return made;
  }
  auto computed(const std::vector<token_id>& prompt) {
    auto kv = cache_.create(prompt).value();
    const auto known = kv.length();
    kv.append(prompt.size() - known).value();
    kv.commit(std::span{prompt}.subspan(known));
    return kv;
  }

  void TearDown() override { EXPECT_STREQ(cache_.check_invariants(), nullptr); }

  cache_type cache_{{.shape = model::grouped_query(1, 1, 4, dtype::f16),
                     .tokens_per_page = 2,
                     .pages = 16,
                     .max_sequences = 4,
                     .reserve_null_page = true}};
};
using allocators = testing::Types<page::free_list<>, page::address_ordered, page::buddy>;
TYPED_TEST_SUITE(cache_upkeep_of, allocators);

TYPED_TEST(cache_upkeep_of, a_pool_shrinks_and_grows_while_its_pages_are_in_use) {
  auto kv = this->computed(this->numbers(4));
  const std::vector pages{kv.page_at(0), kv.page_at(1)};
  std::size_t last = 0;
  for (const auto page : pages) last = std::max(last, to_index(page) + 1);
  const auto least = static_cast<std::uint32_t>(last);
  this->cache_.resize(least).value();
  EXPECT_EQ(this->cache_.statistics().pages, least - 1U) << "but for page 0";
  EXPECT_STREQ(this->cache_.check_invariants(), nullptr);
  EXPECT_EQ(kv.append(2 * 16).error(), errc::too_large);
  this->cache_.resize(16).value();
  EXPECT_EQ(this->cache_.statistics().pages, 15U);
  EXPECT_EQ(kv.page_at(0), pages[0]);
  EXPECT_EQ(kv.page_at(1), pages[1]);
  kv.append(2 * 13).value();
  EXPECT_EQ(this->cache_.statistics().free_pages, 0U);
}

TYPED_TEST(cache_upkeep_of, a_pool_does_not_shrink_below_a_page_that_is_in_use) {
  auto kv = this->cache_.create().value();
  kv.append(2 * 15).value();
  const auto digest = this->cache_.state_digest();
  EXPECT_EQ(this->cache_.resize(15).error(), errc::in_use);
  EXPECT_EQ(this->cache_.state_digest(), digest);
  kv.release();
  this->cache_.resize(2).value();
  EXPECT_EQ(this->cache_.statistics().free_pages, 1U);
}

TYPED_TEST(cache_upkeep_of, what_is_cached_above_the_new_end_is_evicted) {
  { const auto kv = this->computed(this->numbers(2 * 15)); }
  EXPECT_EQ(this->cache_.statistics().cached_pages, 15U);
  this->cache_.resize(6).value();
  const auto seen = this->cache_.statistics();
  EXPECT_EQ(seen.pages, 5U);
  EXPECT_EQ(seen.free_pages + seen.cached_pages, 5U);
  EXPECT_EQ(this->cache_.probe(this->numbers(30)).hit_tokens, 2 * seen.cached_pages);
}

TYPED_TEST(cache_upkeep_of, what_a_reservation_was_promised_stays) {
  auto kv = this->cache_.create().value();
  auto promise = kv.reserve(2 * 10).value();
  EXPECT_EQ(this->cache_.resize(10).error(), errc::in_use);
  this->cache_.resize(11).value();
  promise.accept();
  EXPECT_EQ(kv.page_count(), 10U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_LT(to_index(kv.page_at(i)), 11U);
}

TYPED_TEST(cache_upkeep_of, pools_of_any_size_serve_random_sequences) {
  for_each_seed([this](std::mt19937& rng) {
    std::vector<typename TestFixture::cache_type::sequence> all;
    int refused = 0;
    for (int step = 0; step < 2'000; ++step) {
      const auto digest = this->cache_.state_digest();
      switch (rng() % 4) {
        case 0: {
          const auto end = static_cast<std::uint32_t>(2 + rng() % 15);
          if (!this->cache_.resize(end)) {
            ++refused;
            ASSERT_EQ(this->cache_.state_digest(), digest);
          } else {
            ASSERT_EQ(this->cache_.statistics().pages, end - 1);
          }
          break;
        }
        case 1:
          if (!all.empty())
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(rng() % all.size()));
          break;
        default: {
          const auto prompt = this->numbers(1 + rng() % 12, static_cast<token_id>(rng() % 3));
          auto made = this->cache_.create(prompt);
          if (!made) break;
          const auto known = made->length();
          if (!made->ensure(prompt.size())) break;
          made->commit(std::span{prompt}.subspan(known));
          all.push_back(*std::move(made));
        }
      }
      ASSERT_STREQ(this->cache_.check_invariants(), nullptr);
    }
    ASSERT_GT(refused, 0);
    all.clear();
    this->cache_.reset().value();
    this->cache_.resize(16).value();
  });
}

TYPED_TEST(cache_upkeep_of, what_was_computed_for_other_weights_is_found_no_more) {
  { const auto kv = this->computed(this->numbers(8)); }
  this->cache_.invalidate();
  EXPECT_EQ(this->cache_.probe(this->numbers(9)).hit_tokens, 0U);
  EXPECT_EQ(this->cache_.statistics().cached_pages, 4U) << "until they are evicted";
  this->cache_.reset().value();
  EXPECT_EQ(this->cache_.statistics().cached_pages, 0U);
}

struct revoking : default_policies {
  using prefix_index = prefix::revocable<prefix::radix>;
};

template <class Cache>
constexpr bool revokes = requires(Cache& cache) {
  cache.invalidate(session_id{1});
  cache.invalidate(std::uint64_t{1}, std::uint64_t{2});
};
static_assert(revokes<paged_cache<revoking>> && !revokes<paged_cache<>>);

class session_upkeep : public testing::Test {
 protected:
  using cache_type = paged_cache<revoking>;

  auto computed(const std::vector<token_id>& prompt, const request_options& options) {
    auto kv = cache_.create(prompt, options).value();
    const auto known = kv.length();
    kv.append(prompt.size() - known).value();
    kv.commit(std::span{prompt}.subspan(known));
    return kv;
  }
  void TearDown() override {
    EXPECT_STREQ(cache_.check_invariants(), nullptr);
    cache_.reset().value();
    EXPECT_EQ(cache_.statistics().free_pages, 16U);
  }

  cache_type cache_{{.shape = model::grouped_query(1, 1, 4, dtype::f16),
                     .tokens_per_page = 2,
                     .pages = 16,
                     .max_sequences = 4}};
};

TEST_F(session_upkeep, a_session_that_is_revoked_frees_its_own_pages_and_leaves_what_is_shared) {
  { const auto kv = computed({1, 2, 3, 4, 5, 6}, {.session = session_id{1}}); }
  { const auto kv = computed({1, 2, 7, 8}, {.session = session_id{2}}); }
  EXPECT_EQ(cache_.statistics().free_pages, 12U);
  EXPECT_EQ(cache_.invalidate(session_id{1}), 2U);
  EXPECT_EQ(cache_.statistics().free_pages, 14U);
  EXPECT_EQ(cache_.probe({{1, 2, 3, 4, 5, 6, 0}}).hit_tokens, 2U);
  EXPECT_EQ(cache_.probe({{1, 2, 7, 8, 0}}).hit_tokens, 4U);
  EXPECT_EQ(cache_.invalidate(session_id{1}), 0U);
}

TEST_F(session_upkeep, pages_in_use_are_kept_for_their_users_and_found_by_nobody) {
  auto kv = computed({1, 2, 3, 4}, {.session = session_id{1}});
  EXPECT_EQ(cache_.invalidate(session_id{1}), 2U);
  EXPECT_EQ(kv.committed(), 4U);
  EXPECT_EQ(cache_.probe({{1, 2, 3}}).hit_tokens, 0U);
  kv.append(2).value();
  kv.commit(std::vector<token_id>{5, 6});
  EXPECT_EQ(cache_.probe({{1, 2, 3, 4, 5, 6, 7}}).hit_tokens, 0U);
  const auto anew = computed({1, 2, 3}, {.session = session_id{1}});
  EXPECT_EQ(anew.length(), 3U);
  EXPECT_EQ(cache_.probe({{1, 2, 3}}).hit_tokens, 2U) << "what was computed since";
}

TEST_F(session_upkeep, a_version_of_an_adapter_is_revoked_and_no_other) {
  const key_scope before{.adapter = 4, .adapter_version = 1};
  const key_scope after{.adapter = 4, .adapter_version = 2};
  { const auto kv = computed({1, 2, 3, 4}, {.scope = before}); }
  { const auto kv = computed({1, 2, 3, 4}, {.scope = after}); }
  const auto digest = cache_.state_digest();
  EXPECT_EQ(cache_.invalidate(4, 1), 2U);
  EXPECT_NE(cache_.state_digest(), digest);
  EXPECT_EQ(cache_.probe({{1, 2, 3}}, {.scope = before}).hit_tokens, 0U);
  EXPECT_EQ(cache_.probe({{1, 2, 3}}, {.scope = after}).hit_tokens, 2U);
}

}  // namespace
}  // namespace kvfolio::test
