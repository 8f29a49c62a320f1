// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
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

}  // namespace
}  // namespace kvfolio::test
