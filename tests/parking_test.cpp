// SPDX-License-Identifier: Apache-2.0
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/parking.hpp>

#include "support/parking_lot.hpp"

namespace kvfolio::test {
namespace {

static_assert(std::is_nothrow_move_constructible_v<parking<paged_cache<>>>);

class parking_sequences : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_STREQ(lot_.cache.check_invariants(), nullptr);
    EXPECT_EQ(lot_.store.usage().entries, 0U) << "something is left in the store";
    EXPECT_EQ(lot_.cache.statistics().used_pages, 0U);
  }
  // Plays the engine: stores the first `count` pages.
  void store(const parking<parking_lot<>::cache_type>& leaving, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(lot_.store.put(leaving[i].key, lot_.cache.bytes(leaving[i].page)));
    }
  }

  parking_lot<> lot_;
};

TEST_F(parking_sequences, keep_their_pages_until_these_are_stored) {
  auto leaving = lot_.filled(11, 9);
  const auto last = leaving.page_at(2);
  lot_.recomputed = 1;
  auto begun = lot_.cache.preempt_later(std::move(leaving)).value();
  ASSERT_EQ(begun.size(), 2U);
  EXPECT_EQ(begun[1].page, last);
  EXPECT_EQ(lot_.cache.statistics().used_pages, 3U);
  EXPECT_EQ(lot_.cache.reset().error(), errc::in_use) << "nobody can evict them";
  store(begun, 2);
  auto parked = std::move(begun).finish();
  EXPECT_EQ(lot_.cache.statistics().used_pages, 0U);
  EXPECT_EQ(std::move(parked).resume().value().length(), 11U);
}

TEST_F(parking_sequences, may_be_stored_in_part) {
  auto begun = lot_.cache.preempt_later(lot_.filled(11, 9)).value();
  store(begun, 2);
  auto parked = std::move(begun).finish(1);
  EXPECT_EQ(lot_.store.usage().entries, 1U) << "what does not count is erased";
  lot_.spoil();
  const auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.length(), 4U);
  EXPECT_EQ(back.to_compute(), 7U);
  EXPECT_TRUE(lot_.reads(back, 0, 4));
}

TEST_F(parking_sequences, may_stay_at_any_point) {
  for (const auto stored : {0U, 1U, 3U}) {
    auto begun = lot_.cache.preempt_later(lot_.filled(11, 9)).value();
    store(begun, stored);
    auto stays = std::move(begun).cancel();
    EXPECT_EQ(stays.length(), 11U);
    EXPECT_EQ(stays.committed(), 9U);
    EXPECT_EQ(lot_.store.usage().entries, 0U);
    EXPECT_TRUE(lot_.reads(stays, 0, 11));
    stays.append(1).value();
  }
}

TEST_F(parking_sequences, may_be_given_up_at_any_point) {
  for (const auto stored : {0U, 1U, 3U}) {
    const auto begun = lot_.cache.preempt_later(lot_.filled(11, 9)).value();
    store(begun, stored);
  }
  EXPECT_EQ(lot_.cache.statistics().used_pages, 0U);
}

}  // namespace
}  // namespace kvfolio::test
