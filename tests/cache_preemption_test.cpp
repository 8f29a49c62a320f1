// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/cache_preemption.hpp>
#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/memory/mapped.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/tier/host_store.hpp>
#include <kvfolio/tier/swap.hpp>

#include "support/parking_lot.hpp"

namespace kvfolio::test {
namespace {

static_assert(std::is_empty_v<cache_preemption<paged_cache<>, default_policies>>,
              "who never stores pays nothing");

TEST(preemption, gives_back_the_pages_that_are_nobody_elses_at_once) {
  parking_lot lot;
  auto leaving = lot.filled(10, 8);
  const auto parked = lot.cache.preempt(std::move(leaving)).value();
  EXPECT_FALSE(leaving);  // NOLINT(bugprone-use-after-move): what it is then
  EXPECT_EQ(lot.cache.statistics().used_pages, 0U);
  EXPECT_EQ(lot.cache.statistics().sequences, 0U);
  EXPECT_EQ(lot.cache.statistics().cached_pages, 2U) << "what is complete is found as before";
  EXPECT_EQ(parked.stored_pages(), 3U);
  EXPECT_EQ(lot.store.usage().entries, 3U);
}

TEST(preemption, of_a_tail_keeps_the_beginning_and_brings_back_the_whole) {
  parking_lot lot;
  auto chat = lot.filled(10, 9);
  const auto first = chat.page_at(0);
  auto tail = lot.cache.preempt_tail(chat, 5).value();
  EXPECT_EQ(chat.length(), 5U);
  EXPECT_EQ(chat.committed(), 5U);
  EXPECT_EQ(tail.stored_pages(), 2U) << "the page with token 5 and the one behind it";
  EXPECT_EQ(tail.length(), 10U);
  EXPECT_EQ(lot.cache.statistics().used_pages, 2U);
  EXPECT_EQ(lot.cache.statistics().sequences, 1U);
  auto back = std::move(tail).resume().value();
  chat.release();
  EXPECT_EQ(back.length(), 10U);
  EXPECT_EQ(back.committed(), 9U);
  EXPECT_EQ(back.to_compute(), 0U);
  EXPECT_EQ(back.page_at(0), first) << "it never left";
  EXPECT_TRUE(lot.reads(back, 0, 10));
}

TEST(preemption, of_a_tail_behind_drafts_has_them_computed_again) {
  parking_lot lot;
  auto chat = lot.filled(10, 0);
  auto tail = lot.cache.preempt_tail(chat, 4).value();
  chat.release();
  const auto back = std::move(tail).resume().value();
  EXPECT_EQ(back.length(), 10U);
  EXPECT_EQ(back.to_compute(), 4U) << "nobody can find what is not complete";
  EXPECT_TRUE(lot.reads(back, 4, 10));
}

TEST(preemption, of_a_tail_needs_a_row_for_a_moment) {
  parking_lot lot;
  auto chat = lot.filled(10, 8);
  std::vector<parking_lot<>::sequence> others;
  while (auto other = lot.cache.create()) others.push_back(*std::move(other));
  EXPECT_EQ(lot.cache.preempt_tail(chat, 4).error(), errc::too_many_sequences);
  EXPECT_EQ(chat.length(), 10U);
  EXPECT_EQ(lot.store.usage().entries, 0U);
}

TEST(preemption, without_a_store_remembers_what_to_look_for) {
  paged_cache<> cache{plain::config()};
  const std::vector<token_id> tokens(10, 5);
  auto leaving = cache.create().value();
  leaving.append(10).value();
  leaving.commit(tokens);
  const auto other = leaving.fork().value();
  auto parked = cache.preempt(std::move(leaving)).value();
  EXPECT_EQ(parked.stored_pages(), 0U);
  const auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.committed(), 8U);
  EXPECT_EQ(back.length(), 8U);
  EXPECT_EQ(back.to_compute(), 2U);
  EXPECT_EQ(back.page_at(1), other.page_at(1));
}

TEST(preemption, of_what_a_full_store_refuses_is_like_a_loss) {
  parking_lot lot{plain::config(), 2};
  lot.store.puts_until_failure = 1;
  auto parked = lot.cache.preempt(lot.filled(10, 8)).value();
  EXPECT_EQ(parked.stored_pages(), 0U);
  EXPECT_EQ(lot.store.usage().entries, 0U) << "half a batch is of no use";
  lot.spoil();
  const auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.length(), 0U);
  EXPECT_EQ(back.to_compute(), 10U);
}

struct device : swapping_policies {
  using memory = kvfolio::memory::mapped;
  using copies = deferred_copies;
};

TEST(preemption, waits_for_copies_that_its_pages_take_part_in) {
  parking_lot<device> lot;
  auto one = lot.filled(6, 0);
  auto other = one.fork().value();
  other.append(1).value();
  const auto failed = lot.cache.preempt(std::move(other));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), errc::in_flight);
  EXPECT_EQ(other.length(), 7U) << "nothing changed";
  EXPECT_EQ(lot.store.usage().entries, 0U);
  lot.engine.settle();
  EXPECT_EQ(lot.cache.preempt(std::move(other)).value().stored_pages(), 2U);
}

template <class Cache>
constexpr bool preempts_at_once = requires(Cache& cache, typename Cache::sequence leaving) {
  cache.preempt(std::move(leaving));
};
struct elsewhere : swapping_policies {
  using memory = kvfolio::memory::unbacked;
  using copies = deferred_copies;
};
struct elsewhere_without_store : default_policies {
  using memory = kvfolio::memory::unbacked;
  using copies = deferred_copies;
};

TEST(preemption, at_once_needs_bytes_only_if_there_is_something_to_store) {
  static_assert(preempts_at_once<paged_cache<device>>);
  static_assert(!preempts_at_once<paged_cache<elsewhere>>);
  static_assert(preempts_at_once<paged_cache<elsewhere_without_store>>);
}

TEST(preemption, wants_a_store_for_the_pages_of_the_cache) {
  struct swapping : default_policies {
    using tier = kvfolio::tier::with_store<kvfolio::tier::swap,
                                           kvfolio::tier::host_store<kvfolio::memory::heap>>;
  };
  using cache_type = paged_cache<swapping>;
  kvfolio::tier::host_store<kvfolio::memory::heap> store{8, 4};
  const auto config = plain::config();
  EXPECT_THROW(
      (cache_type{config, cache_type::parts::make(config, {kvfolio::tier::swap{}, store})}),
      std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
