// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/slot_pool.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using vm::epoch;

// Slots 0 to 4 with 0, 3, 5, 5 and 8 rows, retired in epochs 1 to 4.
class slot_pool : public testing::Test {
 protected:
  slot_pool() {
    for (std::uint32_t slot = 0; slot < 5; ++slot) slots_.take(slot);
    std::uint64_t now = 0;
    for (const std::uint32_t slot : {0U, 4U, 2U, 3U, 1U}) {
      slots_.retire(slot, rows_[slot], epoch{now++});
    }
  }
  std::vector<std::uint32_t> rows_{0, 3, 5, 5, 8};
  vm::slot_pool slots_{5, 8};
};

TEST_F(slot_pool, gives_the_slot_with_the_fewest_rows_that_are_enough) {
  EXPECT_EQ(slots_.acquire(4), 2U);
  EXPECT_EQ(slots_.acquire(4), 3U);
  EXPECT_EQ(slots_.acquire(0), 0U);
  EXPECT_EQ(slots_.acquire(1), 1U);
  EXPECT_EQ(slots_.acquire(1), 4U);
  EXPECT_EQ(slots_.acquire(0), std::nullopt);
  EXPECT_EQ(slots_.retired_rows(), 0U);
}

TEST_F(slot_pool, gives_the_slot_with_the_most_rows_if_none_has_enough) {
  slots_.take(4);
  EXPECT_EQ(slots_.acquire(6), 2U);
  EXPECT_EQ(slots_.acquire(9), 3U);
  EXPECT_EQ(slots_.acquire(6), 1U);
  EXPECT_EQ(slots_.acquire(6), 0U);
  EXPECT_EQ(slots_.size(), 0U);
}

TEST_F(slot_pool, unmaps_what_was_retired_first_and_nothing_that_may_be_in_use) {
  EXPECT_EQ(slots_.retired_rows(), 21U);
  EXPECT_EQ(slots_.victim(epoch{1}), std::nullopt) << "slot 4 is in use until 1 is done";
  EXPECT_EQ(slots_.victim(epoch{2}), 4U);
  slots_.shrank(4, 1);
  EXPECT_EQ(slots_.victim(epoch{2}), 4U);
  slots_.shrank(4, 0);
  EXPECT_EQ(slots_.victim(epoch{2}), std::nullopt);
  EXPECT_EQ(slots_.victim(epoch{3}), 2U);
  EXPECT_EQ(slots_.retired_rows(), 13U);
  EXPECT_EQ(slots_.rows(4), 0U);
  EXPECT_EQ(slots_.acquire(6), 2U) << "slot 4 has no longer enough";
}

TEST_F(slot_pool, gives_nobody_a_slot_whose_rows_are_shared) {
  slots_.take(2);
  slots_.retire(2, 2, epoch{7}, false);
  EXPECT_EQ(slots_.size(), 4U);
  EXPECT_EQ(slots_.closing(epoch{7}), std::nullopt);
  EXPECT_EQ(slots_.closing(epoch{8}), 2U);
  slots_.shrank(2, 1);
  EXPECT_EQ(slots_.size(), 4U);
  slots_.shrank(2, 0);
  EXPECT_EQ(slots_.size(), 5U);
  EXPECT_EQ(slots_.closing(epoch{8}), std::nullopt);
  EXPECT_EQ(slots_.acquire(0), 0U);
  EXPECT_EQ(slots_.acquire(0), 2U);
}

TEST_F(slot_pool, shows_who_is_free) {
  slots_.take(2);
  std::vector<std::uint32_t> free;
  slots_.for_each_free([&](std::uint32_t slot) {
    EXPECT_TRUE(slots_.is_free(slot));
    free.push_back(slot);
  });
  EXPECT_EQ(free, (std::vector<std::uint32_t>{0, 1, 3, 4}));
  EXPECT_FALSE(slots_.is_free(2));
}

TEST_F(slot_pool, a_shared_slot_without_rows_is_a_free_one) {
  slots_.take(0);
  slots_.retire(0, 0, epoch{9}, false);
  EXPECT_EQ(slots_.acquire(0), 0U);
}

TEST(slot_pool_model, agrees_with_a_search_of_all_slots) {
  struct held {
    std::uint32_t slot;
    std::uint32_t rows;
    std::uint64_t when;
  };
  for_each_seed([](std::mt19937& rng) {
    static constexpr std::uint32_t slots = 9;
    static constexpr std::uint32_t most = 6;
    vm::slot_pool pool{slots, most};
    std::deque<held> retired;  // in order of retirement
    for (std::uint32_t slot = 0; slot < slots; ++slot) retired.push_back({slot, 0, 0});
    std::vector<std::uint32_t> taken;
    std::uint64_t now = 0;
    std::uint64_t done = 0;
    for (int i = 0; i < 20'000; ++i) {
      switch (rng() % 4) {
        case 0: {
          const auto need = static_cast<std::uint32_t>(rng() % (most + 1));
          std::optional<held> best;
          for (const auto& each : retired) {
            const bool fits = each.rows >= need;
            const bool better =
                !best || (fits != (best->rows >= need) ? fits
                          : each.rows != best->rows    ? (each.rows < best->rows) == fits
                                                       : each.slot < best->slot);
            if (better) best = each;
          }
          const auto got = pool.acquire(need);
          ASSERT_EQ(got.has_value(), best.has_value());
          if (!got) break;
          ASSERT_EQ(*got, best->slot) << "at step " << i;
          std::erase_if(retired, [&](const held& each) { return each.slot == *got; });
          taken.push_back(*got);
          break;
        }
        case 1:
          if (taken.empty()) break;
          retired.push_back({taken.back(), static_cast<std::uint32_t>(rng() % (most + 1)), now});
          pool.retire(taken.back(), retired.back().rows, epoch{now});
          taken.pop_back();
          break;
        case 2: now += rng() % 2; break;
        default: {
          if (done < now) ++done;
          const auto first = std::find_if(retired.begin(), retired.end(),
                                          [](const held& each) { return each.rows != 0; });
          const auto victim = pool.victim(epoch{done});
          ASSERT_EQ(victim.has_value(), first != retired.end() && first->when < done);
          if (!victim) break;
          ASSERT_EQ(*victim, first->slot);
          pool.shrank(*victim, --first->rows);
        }
      }
      std::size_t rows = 0;
      for (const auto& each : retired) rows += each.rows;
      ASSERT_EQ(pool.retired_rows(), rows);
      ASSERT_EQ(pool.size(), retired.size());
    }
  });
}

#ifndef NDEBUG
TEST(slot_pool_death, a_slot_is_retired_once) {
  vm::slot_pool slots{1, 1};
  EXPECT_DEATH(slots.retire(0, 0, epoch{0}), "taken");
}
#endif

}  // namespace
}  // namespace kvfolio::test
