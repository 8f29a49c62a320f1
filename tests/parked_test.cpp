// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/parked.hpp>
#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/prefix/none.hpp>

#include "support/parking_lot.hpp"

namespace kvfolio::test {
namespace {

static_assert(std::is_nothrow_move_constructible_v<parked<paged_cache<>>>);
static_assert(!std::is_copy_constructible_v<parked<paged_cache<>>>);

class parked_sequences : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_STREQ(lot_.cache.check_invariants(), nullptr);
    EXPECT_EQ(lot_.store.usage().entries, 0U) << "something is left in the store";
    EXPECT_EQ(lot_.cache.statistics().used_pages, 0U);
  }

  parking_lot<> lot_;
};

TEST_F(parked_sequences, that_were_swapped_come_back_as_they_were) {
  auto parked = lot_.cache.preempt(lot_.filled(11, 9)).value();
  EXPECT_EQ(parked.length(), 11U);
  EXPECT_EQ(parked.committed(), 9U);
  lot_.spoil();
  auto back = std::move(parked).resume().value();
  EXPECT_FALSE(parked);  // NOLINT(bugprone-use-after-move): what it is then
  EXPECT_EQ(back.length(), 11U);
  EXPECT_EQ(back.committed(), 9U);
  EXPECT_EQ(back.to_compute(), 0U);
  EXPECT_TRUE(lot_.reads(back, 0, 11));
  EXPECT_EQ(lot_.cache.probe(lot_.tokens(9)).hit_tokens, 8U) << "what was indexed is again";
  back.commit(lot_.tokens(2, 10));
  back.append(1).value();
  lot_.engine.write(back.runs(11, 1), lot_.tokens(1, 12));
  back.commit(lot_.tokens(1, 12));
  EXPECT_EQ(lot_.cache.probe(lot_.tokens(13)).hit_tokens, 12U)
      << "the tokens of the page that was not full were remembered";
}

TEST_F(parked_sequences, share_what_is_still_indexed_instead_of_reading_it) {
  auto leaving = lot_.filled(11, 11);
  const auto other = leaving.fork().value();
  auto parked = lot_.cache.preempt(std::move(leaving)).value();
  EXPECT_EQ(parked.probe().hit_tokens, 8U);
  EXPECT_EQ(parked.probe().pages_needed, 1U);
  lot_.store.lose(0);
  lot_.store.lose(0);
  const auto used = lot_.cache.statistics().used_pages;
  const auto back = std::move(parked).resume().value();
  EXPECT_EQ(lot_.cache.statistics().used_pages - used, 1U);
  EXPECT_EQ(back.page_at(0), other.page_at(0));
  EXPECT_EQ(back.page_at(1), other.page_at(1));
}

TEST_F(parked_sequences, need_room_for_all_or_wait) {
  auto parked = lot_.cache.preempt(lot_.filled(11, 9)).value();
  lot_.spoil();
  std::optional<parking_lot<>::sequence> taker = lot_.cache.create().value();
  taker->append((lot_.cache.config().pages - 2) * 4).value();
  const auto failures = lot_.cache.observer().counts().failures;
  EXPECT_FALSE(parked.probe().fits());
  const auto digest = lot_.cache.state_digest();
  EXPECT_EQ(std::move(parked).resume().error(), errc::out_of_pages);
  EXPECT_EQ(lot_.cache.state_digest(), digest);
  EXPECT_EQ(lot_.cache.observer().counts().failures, failures + 1);
  ASSERT_TRUE(parked);  // NOLINT(bugprone-use-after-move): it was not moved from
  taker.reset();
  const auto back = std::move(parked).resume().value();
  EXPECT_TRUE(lot_.reads(back, 0, 11));
}

TEST_F(parked_sequences, need_a_row) {
  auto parked = lot_.cache.preempt(lot_.filled(5, 5)).value();
  std::vector<parking_lot<>::sequence> others;
  while (others.size() < lot_.cache.config().max_sequences) {
    others.push_back(lot_.cache.create().value());
  }
  EXPECT_EQ(std::move(parked).resume().error(), errc::too_many_sequences);
  others.pop_back();
  EXPECT_TRUE(std::move(parked).resume());  // NOLINT(bugprone-use-after-move): as above
}

TEST_F(parked_sequences, that_were_dropped_begin_with_what_is_found) {
  lot_.recomputed = 99;
  auto parked = lot_.cache.preempt(lot_.filled(11, 9)).value();
  EXPECT_EQ(parked.stored_pages(), 0U);
  const auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.length(), 8U);
  EXPECT_EQ(back.committed(), 8U);
  EXPECT_EQ(back.to_compute(), 3U);
}

TEST_F(parked_sequences, that_were_split_compute_their_beginning_and_read_their_end) {
  lot_.recomputed = 2;
  auto parked = lot_.cache.preempt(lot_.filled(15, 13)).value();
  EXPECT_EQ(parked.stored_pages(), 2U);
  lot_.spoil();
  auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.length(), 15U);
  EXPECT_EQ(back.committed(), 0U);
  EXPECT_EQ(back.to_compute(), 8U);
  EXPECT_TRUE(lot_.reads(back, 8, 15));
  lot_.engine.write(back.runs(0, 8), lot_.tokens(8));
  back.commit(lot_.tokens(13));
  EXPECT_EQ(back.to_compute(), 0U);
  EXPECT_TRUE(lot_.reads(back, 0, 15));
  EXPECT_EQ(lot_.cache.probe(lot_.tokens(13)).hit_tokens, 12U);
}

TEST_F(parked_sequences, that_were_split_compute_less_where_something_is_found) {
  lot_.recomputed = 2;
  auto leaving = lot_.filled(15, 13);
  auto other = leaving.fork().value();
  other.truncate(4);
  auto parked = lot_.cache.preempt(std::move(leaving)).value();
  while (lot_.cache.statistics().cached_pages != 0) {
    auto taker = lot_.cache.create().value();
    taker.append(lot_.cache.statistics().free_pages * 4 + 4).value();
  }
  auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.committed(), 4U);
  EXPECT_EQ(back.to_compute(), 4U);
  EXPECT_TRUE(lot_.reads(back, 8, 15));
}

TEST_F(parked_sequences, compute_again_what_the_store_has_lost_and_all_after_it) {
  auto parked = lot_.cache.preempt(lot_.filled(15, 13)).value();
  lot_.spoil();
  lot_.store.lose(2);
  const auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.length(), 8U);
  EXPECT_EQ(back.committed(), 8U);
  EXPECT_EQ(back.to_compute(), 7U);
  EXPECT_TRUE(lot_.reads(back, 0, 8));
}

TEST_F(parked_sequences, that_were_split_and_are_not_complete_end_before_what_was_stored) {
  lot_.recomputed = 1;
  auto parked = lot_.cache.preempt(lot_.filled(15, 13)).value();
  lot_.spoil();
  lot_.store.lose(0);
  auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.length(), 4U) << "storage for what must be computed";
  EXPECT_EQ(back.committed(), 0U);
  EXPECT_EQ(back.to_compute(), 15U);
}

TEST_F(parked_sequences, forget_what_is_to_compute_when_it_is_cut_off) {
  lot_.recomputed = 2;
  auto parked = lot_.cache.preempt(lot_.filled(15, 13)).value();
  lot_.spoil();
  auto back = std::move(parked).resume().value();
  back.truncate(3);
  EXPECT_EQ(back.to_compute(), 3U);
}

TEST_F(parked_sequences, outlive_a_reset) {
  auto parked = lot_.cache.preempt(lot_.filled(11, 9)).value();
  EXPECT_TRUE(lot_.cache.reset());
  const auto back = std::move(parked).resume().value();
  EXPECT_TRUE(lot_.reads(back, 0, 11));
}

TEST_F(parked_sequences, come_back_from_another_epoch_and_index_no_more) {
  auto parked = lot_.cache.preempt(lot_.filled(11, 9)).value();
  lot_.cache.invalidate();
  auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.committed(), 9U);
  EXPECT_TRUE(lot_.reads(back, 0, 11));
  back.commit(lot_.tokens(2, 10));
  EXPECT_EQ(lot_.cache.probe(lot_.tokens(12)).hit_tokens, 0U);
}

TEST_F(parked_sequences, with_nothing_stored_begin_anew_in_another_epoch) {
  for (const auto recomputed : {99U, 1U}) {  // dropped, and split: KV of two epochs does not mix
    lot_.recomputed = recomputed;
    auto parked = lot_.cache.preempt(lot_.filled(11, 9)).value();
    lot_.cache.invalidate();
    auto back = std::move(parked).resume().value();
    EXPECT_EQ(back.length(), 0U);
    EXPECT_EQ(back.to_compute(), 11U);
    back.append(11).value();
    back.commit(lot_.tokens(11));
    EXPECT_EQ(lot_.cache.probe(lot_.tokens(9)).hit_tokens, 8U);
    back.release();
    EXPECT_TRUE(lot_.cache.reset());
  }
}

TEST_F(parked_sequences, empty_the_store_when_they_go) {
  auto one = lot_.cache.preempt(lot_.filled(11, 9)).value();
  auto other = lot_.cache.preempt(lot_.filled(7, 7)).value();
  EXPECT_EQ(lot_.store.usage().entries, 5U);
  one = std::move(other);
  EXPECT_EQ(lot_.store.usage().entries, 2U);
}

TEST(parked_sequences_of_other_indexes, come_back_too) {
  struct hashed_policies : swapping_policies {
    using prefix_index = kvfolio::prefix::hashed<>;
  };
  struct unindexed_policies : swapping_policies {
    using prefix_index = kvfolio::prefix::none;
  };
  const auto swap_and_commit = [](auto& lot) {
    auto parked = lot.cache.preempt(lot.filled(11, 9)).value();
    lot.spoil();
    auto back = std::move(parked).resume().value();
    EXPECT_EQ(back.committed(), 9U);
    EXPECT_TRUE(lot.reads(back, 0, 11));
    back.commit(lot.tokens(2, 10));
    return lot.cache.probe(lot.tokens(12)).hit_tokens;
  };
  parking_lot<hashed_policies> hashed;
  EXPECT_EQ(swap_and_commit(hashed), 8U);
  parking_lot<unindexed_policies> unindexed;
  EXPECT_EQ(swap_and_commit(unindexed), 0U);
}

}  // namespace
}  // namespace kvfolio::test
