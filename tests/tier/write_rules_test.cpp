// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/tier/write_rules.hpp>

#include "../support/stored_pages.hpp"

namespace kvfolio::test {
namespace {

static_assert(std::is_empty_v<tier::write_through> && std::is_empty_v<tier::write_back>);
static_assert(tier::write_back::keeps_what_leaves && !tier::write_through::keeps_what_leaves);

TEST(write_through, writes_what_is_put_and_nothing_that_is_found) {
  tier::write_through rule;
  EXPECT_TRUE(rule.put(key_of(1)));
  EXPECT_FALSE(rule.hit(key_of(1)));
}

TEST(write_back, writes_nothing_before_it_leaves) {
  tier::write_back rule;
  EXPECT_FALSE(rule.put(key_of(1)));
  EXPECT_FALSE(rule.hit(key_of(1)));
}

TEST(write_on_second_hit, writes_once_and_again_only_after_the_page_was_lost) {
  tier::write_on_second_hit rule{10};
  EXPECT_FALSE(rule.put(key_of(1)));
  EXPECT_FALSE(rule.hit(key_of(1)));
  EXPECT_FALSE(rule.hit(key_of(2)));
  EXPECT_TRUE(rule.hit(key_of(1)));
  EXPECT_FALSE(rule.hit(key_of(1)));
  EXPECT_FALSE(rule.put(key_of(1)));
  rule.lost(key_of(1));
  rule.lost(key_of(7));
  EXPECT_FALSE(rule.hit(key_of(1)));
  EXPECT_TRUE(rule.hit(key_of(1)));
  EXPECT_TRUE(rule.hit(key_of(2)));
}

TEST(write_on_second_hit, forgets_the_oldest_of_more_keys_than_it_can_remember) {
  tier::write_on_second_hit rule{2};
  for (const std::uint64_t name : {1U, 2U, 3U}) EXPECT_FALSE(rule.hit(key_of(name)));
  EXPECT_FALSE(rule.hit(key_of(1)));
  EXPECT_TRUE(rule.hit(key_of(3)));
  tier::write_on_second_hit nothing{0};
  EXPECT_FALSE(nothing.hit(key_of(1)));
  EXPECT_FALSE(nothing.hit(key_of(1)));
}

}  // namespace
}  // namespace kvfolio::test
