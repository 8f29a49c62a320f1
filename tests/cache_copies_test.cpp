// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <gtest/gtest.h>

#include <kvfolio/cache_copies.hpp>
#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/paged_cache.hpp>

namespace kvfolio::test {
namespace {

struct deferred : default_policies {
  using copies = deferred_copies;
};

template <class Cache>
constexpr bool hands_out_copies = requires(Cache& cache) {
  cache.waiting_copies();
};

TEST(cache_copies, are_for_engines_that_carry_them_out) {
  static_assert(hands_out_copies<paged_cache<deferred>>);
  static_assert(!hands_out_copies<paged_cache<>>);
}

TEST(cache_copies, wait_until_they_are_taken_and_hold_their_pages_until_they_landed) {
  paged_cache<deferred> cache{
      {.shape = model::grouped_query(1, 1, 4, dtype::f16), .tokens_per_page = 4, .pages = 4}};
  auto one = cache.create().value();
  one.append(2).value();
  auto other = one.fork().value();
  other.append(1).value();
  EXPECT_EQ(cache.waiting_copies(), 1U);
  std::array<copy_op, 2> taken{};
  const auto batch = cache.take_copies(taken);
  ASSERT_EQ(batch.count, 1U);
  EXPECT_EQ(taken[0], (copy_op{one.page_at(0), other.page_at(0), 0, 2}));
  EXPECT_EQ(cache.waiting_copies(), 0U);
  other.release();
  EXPECT_EQ(cache.statistics().landing_pages, 1U);
  cache.complete(batch.ticket);
  EXPECT_EQ(cache.statistics().landing_pages, 0U);
}

}  // namespace
}  // namespace kvfolio::test
