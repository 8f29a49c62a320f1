// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/memory/heap.hpp>
#include <kvfolio/tier/host_store.hpp>
#include <kvfolio/tier/recompute.hpp>
#include <kvfolio/tier/swap.hpp>
#include <kvfolio/tier/with_store.hpp>

namespace kvfolio::tier::test {
namespace {

using heap_store = host_store<kvfolio::memory::heap>;
static_assert(storing_tier<with_store<swap, heap_store>>);
static_assert(!storing_tier<recompute>);

class tiers_with_a_store : public testing::Test {
 protected:
  heap_store store_{16, 2};
};

TEST_F(tiers_with_a_store, decide_as_their_policy_does) {
  const departure leaving{.tokens = 10, .tokens_per_page = 4, .page_bytes = 16, .free_bytes = 48};
  EXPECT_EQ((with_store{swap{}, store_}.tokens_to_recompute(leaving)), 0U);
  EXPECT_EQ((with_store{recompute{}, store_}.tokens_to_recompute(leaving)), 10U);
}

TEST_F(tiers_with_a_store, give_each_page_a_key_of_its_own) {
  with_store one{swap{}, store_, 1};
  with_store other{swap{}, store_, 2};
  EXPECT_EQ(one.number_pages(3), 0U);
  EXPECT_EQ(one.number_pages(2), 3U);
  std::set<std::uint64_t> first_words;
  for (std::uint64_t number = 0; number < 1'000; ++number) {
    first_words.insert(one.key_of(number).words[0]);
    EXPECT_FALSE(one.key_of(number + 1) == other.key_of(number));
  }
  EXPECT_EQ(first_words.size(), 1'000U) << "by which stores look for them";
}

TEST_F(tiers_with_a_store, begin_where_nobody_else_does_unless_they_are_told) {
  const with_store one{swap{}, store_};
  const with_store other{swap{}, store_};
  EXPECT_FALSE(one.key_of(0) == other.key_of(0));
}

}  // namespace
}  // namespace kvfolio::tier::test
