// SPDX-License-Identifier: Apache-2.0
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

TEST(static_reservation, is_what_a_sequence_of_such_a_bundle_grows_to) {
  struct doubling : default_policies {
    using reservation = page::power_of_two;
  };
  static_assert(policy_bundle<doubling>);
  paged_cache<doubling> cache{{.shape = model::grouped_query(1, 1, 4, dtype::f16),
                               .tokens_per_page = 4,
                               .pages = 16,
                               .max_tokens = 40}};
  auto kv = cache.create().value();
  kv.ensure(10, {10, 5}).value();
  EXPECT_EQ(kv.length(), 18U);
  EXPECT_EQ(kv.page_count(), 5U);
  kv.ensure(18, {10, 5}).value();
  EXPECT_EQ(kv.length(), 18U) << "it was there already";
  kv.ensure(30, {10, 20}).value();
  EXPECT_EQ(kv.length(), 40U) << "no more than a sequence may have";
  EXPECT_EQ(kv.ensure(41).error(), errc::too_many_sequences);
  EXPECT_EQ(kv.length(), 40U);
}

}  // namespace
}  // namespace kvfolio::test
