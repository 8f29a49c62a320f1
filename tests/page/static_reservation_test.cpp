// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/kvfolio.hpp>
#include <kvfolio/page/static_reservation.hpp>

namespace kvfolio::test {
namespace {

constexpr std::size_t most = 2048;

TEST(static_reservation, the_maximum_is_what_every_request_gets) {
  EXPECT_EQ(page::static_maximum::storage(1, {}, most), most);
  EXPECT_EQ(page::static_maximum::storage(most, {100, 7}, most), most);
}

TEST(static_reservation, a_power_of_two_is_at_most_twice_the_output) {
  using page::power_of_two;
  EXPECT_EQ(power_of_two::storage(100, {100, 25}, most), 132U) << "25 tokens get 32";
  EXPECT_EQ(power_of_two::storage(100, {100, 32}, most), 132U);
  EXPECT_EQ(power_of_two::storage(120, {100, 25}, most), 132U) << "also when some are there";
  EXPECT_EQ(power_of_two::storage(133, {100, 25}, most), 164U) << "and more than was said";
  EXPECT_EQ(power_of_two::storage(40, {100, 25}, most), 132U) << "a part of the prompt";
  EXPECT_EQ(power_of_two::storage(100, {100, 0}, most), 100U);
  EXPECT_EQ(power_of_two::storage(5, {}, most), 8U);
  EXPECT_EQ(power_of_two::storage(0, {}, most), 0U);
}

TEST(static_reservation, an_oracle_gets_what_it_needs) {
  EXPECT_EQ(page::exact::storage(1, {100, 25}, most), 125U);
  EXPECT_EQ(page::exact::storage(126, {100, 25}, most), 126U) << "if it was wrong";
}

struct doubling : default_policies {
  using reservation = page::power_of_two;
  using page_allocator = page::buddy;
  using prefix_index = prefix::none;
};
static_assert(policy_bundle<doubling>);
constexpr cache_config config{.shape = model::grouped_query(1, 1, 4, dtype::f16),
                              .tokens_per_page = 4,
                              .pages = 16,
                              .max_tokens = 40};

TEST(static_reservation, is_what_a_sequence_of_such_a_bundle_grows_to) {
  paged_cache<doubling> cache{config};
  auto kv = cache.create().value();
  kv.ensure(10, {10, 5}).value();
  EXPECT_EQ(kv.length(), 18U);
  ASSERT_EQ(kv.page_count(), 5U);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(to_index(kv.page_at(i)), to_index(kv.page_at(0)) + i) << "one piece";
  }
  kv.ensure(18, {10, 5}).value();
  EXPECT_EQ(kv.length(), 18U) << "it was there already";
  kv.ensure(30, {10, 20}).value();
  EXPECT_EQ(kv.length(), 40U) << "no more than a sequence may have";
  EXPECT_EQ(kv.ensure(41).error(), errc::too_many_sequences);
  EXPECT_EQ(kv.length(), 40U);
}

TEST(static_reservation, fails_while_enough_pages_are_free_but_none_in_one_piece) {
  paged_cache<doubling> cache{config};
  std::vector<paged_cache<doubling>::sequence> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(cache.create().value());
    all.back().ensure(16, {16, 0}).value();
  }
  all[0].release();
  all[2].release();
  EXPECT_EQ(cache.statistics().free_pages, 8U);
  auto late = cache.create().value();
  const auto digest = cache.state_digest();
  EXPECT_EQ(late.ensure(32, {32, 0}).error(), errc::out_of_pages);
  EXPECT_EQ(cache.state_digest(), digest);
  EXPECT_EQ(late.length(), 0U);
  all[1].release();
  late.ensure(32, {32, 0}).value();
  EXPECT_STREQ(cache.check_invariants(), nullptr);
}

}  // namespace
}  // namespace kvfolio::test
