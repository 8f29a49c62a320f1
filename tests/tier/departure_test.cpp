// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/departure.hpp>

namespace kvfolio::test {
namespace {

constexpr departure forty_tokens{
    .tokens = 40, .tokens_per_page = 16, .page_bytes = 100, .copies = 6, .free_bytes = 250};

TEST(departure, counts_pages_whole) {
  EXPECT_EQ(forty_tokens.pages(), 3U);
  EXPECT_EQ(forty_tokens.bytes_behind(0), 300U);
  EXPECT_EQ(forty_tokens.bytes_behind(1), 200U);
  EXPECT_EQ(forty_tokens.bytes_behind(3), 0U);
  EXPECT_EQ(departure{}.pages(), 0U);
}

TEST(departure, the_last_page_has_the_tokens_that_are_left) {
  EXPECT_EQ(forty_tokens.tokens_in(0), 0U);
  EXPECT_EQ(forty_tokens.tokens_in(2), 32U);
  EXPECT_EQ(forty_tokens.tokens_in(3), 40U);
}

TEST(departure, a_part_of_the_pages_has_its_share_of_copies_and_at_least_one) {
  EXPECT_DOUBLE_EQ(forty_tokens.copies_behind(0), 6);
  EXPECT_DOUBLE_EQ(forty_tokens.copies_behind(2), 2);
  EXPECT_DOUBLE_EQ(forty_tokens.copies_behind(3), 0);
  auto coalesced = forty_tokens;
  coalesced.copies = 1;
  EXPECT_DOUBLE_EQ(coalesced.copies_behind(2), 1);
  coalesced.copies = 0;
  EXPECT_DOUBLE_EQ(coalesced.copies_behind(0), 1) << "nobody counted them";
}

TEST(departure, a_store_has_room_for_whole_pages) {
  EXPECT_EQ(forty_tokens.pages_too_many(), 1U);
  auto roomy = forty_tokens;
  roomy.free_bytes = 300;
  EXPECT_EQ(roomy.pages_too_many(), 0U);
  roomy.free_bytes = 0;
  EXPECT_EQ(roomy.pages_too_many(), 3U);
  roomy.page_bytes = 0;
  EXPECT_EQ(roomy.pages_too_many(), 0U) << "nothing needs no room";
}

#ifndef NDEBUG
TEST(departure_death, no_more_pages_are_recomputed_than_there_are) {
  EXPECT_DEATH(static_cast<void>(forty_tokens.bytes_behind(4)), "pages_recomputed");
}
#endif

}  // namespace
}  // namespace kvfolio::test
