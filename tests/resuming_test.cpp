// SPDX-License-Identifier: Apache-2.0
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/resuming.hpp>

#include "support/parking_lot.hpp"

namespace kvfolio::test {
namespace {

static_assert(std::is_nothrow_move_constructible_v<resuming<paged_cache<>>>);

class resuming_sequences : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_STREQ(lot_.cache.check_invariants(), nullptr);
    EXPECT_EQ(lot_.store.usage().entries, 0U) << "something is left in the store";
    EXPECT_EQ(lot_.cache.statistics().used_pages, 0U);
  }
  // A sequence of the tokens 1 to 15, of which 13 were complete; no byte of it is in the pool.
  [[nodiscard]] parking_lot<>::parked leave() {
    auto made = lot_.cache.preempt(lot_.filled(15, 13)).value();
    lot_.spoil();
    return made;
  }
  // Plays the engine: reads the first `count` pages.
  void read(const resuming<parking_lot<>::cache_type>& back, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(lot_.store.get(back[i].key, lot_.cache.bytes(back[i].page)));
    }
  }

  parking_lot<> lot_;
};

TEST_F(resuming_sequences, are_neither_found_nor_evicted_until_they_have_landed) {
  auto parked = leave();
  auto back = std::move(parked).resume_later().value();
  EXPECT_EQ(back.size(), 4U);
  EXPECT_EQ(lot_.cache.probe(lot_.tokens(13)).hit_tokens, 0U);
  EXPECT_EQ(lot_.cache.reset().error(), errc::in_use);
  read(back, 4);
  const auto landed = std::move(back).finish();
  EXPECT_EQ(landed.length(), 15U);
  EXPECT_EQ(landed.committed(), 13U);
  EXPECT_TRUE(lot_.reads(landed, 0, 15));
  EXPECT_EQ(lot_.cache.probe(lot_.tokens(13)).hit_tokens, 12U);
}

TEST_F(resuming_sequences, compute_their_beginning_while_their_end_is_read) {
  lot_.recomputed = 2;
  auto parked = leave();
  auto back = std::move(parked).resume_later().value();
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[0].page, back.sequence().page_at(2));
  ASSERT_EQ(back.sequence().to_compute(), 8U);
  read(back, 1);
  lot_.engine.write(back.sequence().runs(0, 8), lot_.tokens(8));
  read(back, 2);
  auto landed = std::move(back).finish();
  EXPECT_EQ(landed.to_compute(), 8U) << "the engine has not said that it is done";
  landed.commit(lot_.tokens(13));
  EXPECT_TRUE(lot_.reads(landed, 0, 15));
}

TEST_F(resuming_sequences, keep_what_they_computed_if_their_end_is_lost) {
  lot_.recomputed = 2;
  auto parked = leave();
  auto back = std::move(parked).resume_later().value();
  lot_.engine.write(back.sequence().runs(0, 8), lot_.tokens(8));
  auto landed = std::move(back).finish(1);
  EXPECT_EQ(landed.length(), 8U);
  EXPECT_EQ(landed.committed(), 0U);
  EXPECT_EQ(landed.to_compute(), 15U);
  EXPECT_TRUE(lot_.reads(landed, 0, 8));
}

TEST_F(resuming_sequences, end_before_the_first_page_that_is_lost) {
  auto parked = leave();
  auto back = std::move(parked).resume_later().value();
  read(back, 3);
  const auto landed = std::move(back).finish(3);
  EXPECT_EQ(landed.length(), 12U);
  EXPECT_EQ(landed.committed(), 12U);
  EXPECT_EQ(landed.to_compute(), 3U);
  EXPECT_TRUE(lot_.reads(landed, 0, 12));
}

TEST_F(resuming_sequences, may_stay_out_at_any_point) {
  auto parked = leave();
  for (const auto count : {0U, 1U, 4U}) {
    auto back = std::move(parked).resume_later().value();
    read(back, count);
    parked = std::move(back).cancel();
    EXPECT_EQ(lot_.cache.statistics().used_pages, 0U);
    EXPECT_EQ(parked.stored_pages(), 4U);
  }
  const auto back = std::move(parked).resume().value();
  EXPECT_TRUE(lot_.reads(back, 0, 15));
}

TEST_F(resuming_sequences, may_be_given_up_at_any_point) {
  for (const auto count : {0U, 1U, 4U}) {
    auto parked = leave();
    const auto back = std::move(parked).resume_later().value();
    read(back, count);
  }
}

TEST_F(resuming_sequences, become_the_twins_of_equal_pages_that_came_before_they_landed) {
  auto parked = leave();
  auto back = std::move(parked).resume_later().value();
  const auto other = lot_.filled(15, 13);
  read(back, 4);
  auto landed = std::move(back).finish();
  EXPECT_EQ(landed.committed(), 13U);
  EXPECT_NE(landed.page_at(0), other.page_at(0));
  EXPECT_TRUE(lot_.reads(landed, 0, 15));
  EXPECT_STREQ(lot_.cache.check_invariants(), nullptr);
}

}  // namespace
}  // namespace kvfolio::test
