// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/extension.hpp>
#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/virtual_slots.hpp>

#include "../support/linux_like_vm_backend.hpp"
#include "../support/model_vm_backend.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using vm::access;
using vm::epoch;

constexpr std::size_t granule = 1'024;
const vm::per_layer layout{model::grouped_query(1, 1, 64, dtype::f16), granule};

template <class Rule>
class virtual_slots_of : public testing::Test {
 protected:
  using slots_type = vm::virtual_slots<model_vm_backend, Rule>;

  explicit virtual_slots_of(std::uint32_t rows = 6, std::uint32_t low = 0)
      : rows_{backend_,
              {.chunk_bytes = granule,
               .rows = rows,
               .chunks_per_row = vm::chunks_per_row(layout),
               .low = low}} {}
  ~virtual_slots_of() override { EXPECT_TRUE(rows_.check_invariants()); }

  // A sequence of so many rows.
  std::uint32_t grown(std::uint32_t rows) {
    const auto slot = slots_.acquire(rows).value();
    for (std::uint32_t row = 0; row < rows; ++row) slots_.extend(slot).value();
    return slot;
  }

  vm_faults faults_;
  model_vm_backend backend_{{.granule = granule, .faults = &faults_}};
  vm::chunk_pool<model_vm_backend> rows_;
  slots_type slots_{backend_, rows_, layout, {.slots = 4, .rows_per_slot = 4}};
};

using virtual_slots = virtual_slots_of<vm::deferred_reclaim>;
using eager_virtual_slots = virtual_slots_of<vm::eager_reclaim>;

struct virtual_slots_with_low_mark : virtual_slots {
  virtual_slots_with_low_mark() : virtual_slots{6, 4} {}
};

TEST_F(virtual_slots, continue_where_the_last_sequence_was_without_a_call) {
  const auto slot = grown(3);
  const auto calls = slots_.map().calls();
  slots_.retire(slot, epoch{1});
  EXPECT_EQ(rows_.lingering(), 3U);
  const auto again = grown(3);
  EXPECT_EQ(again, slot);
  EXPECT_EQ(slots_.map().calls(), calls);
  EXPECT_EQ(rows_.lingering(), 0U);
  EXPECT_EQ(slots_.rows(again), 3U);
}

TEST_F(virtual_slots, take_the_tail_of_what_was_retired_when_no_row_is_free) {
  const auto ended = grown(4);
  const auto growing = grown(2);
  EXPECT_EQ(rows_.free(), 0U);
  EXPECT_EQ(slots_.extend(growing).error(), errc::out_of_pages);
  slots_.retire(ended, epoch{5});
  EXPECT_EQ(slots_.extend(growing).error(), errc::out_of_pages) << "the device may be using it";
  slots_.complete(epoch{5});
  EXPECT_EQ(slots_.extend(growing).error(), errc::out_of_pages) << "epoch 5 itself is not done";
  slots_.complete(epoch{6});
  ASSERT_TRUE(slots_.extend(growing));
  EXPECT_EQ(slots_.map().mapped(ended), 3U);
  EXPECT_TRUE(slots_.map().at(ended, 0));
}

TEST_F(virtual_slots, take_what_lingers_behind_a_sequence_too) {
  const auto long_one = grown(4);
  slots_.retire(long_one, epoch{0});
  const auto reused = slots_.acquire(3).value();
  EXPECT_EQ(reused, long_one);
  ASSERT_TRUE(slots_.extend(reused));
  const auto other = grown(2);
  EXPECT_EQ(rows_.free(), 0U);
  EXPECT_EQ(slots_.extend(other).error(), errc::out_of_pages) << "somebody may still write there";
  slots_.complete(epoch{1});
  ASSERT_TRUE(slots_.extend(other));
  EXPECT_EQ(slots_.map().mapped(reused), 3U);
}

TEST_F(virtual_slots, end_where_their_addresses_do) {
  const auto slot = grown(4);
  EXPECT_EQ(slots_.extend(slot).error(), errc::out_of_range);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(slots_.acquire());
  EXPECT_EQ(slots_.acquire().error(), errc::too_many_sequences);
}

TEST_F(virtual_slots, that_cannot_grow_leave_everything_as_it_was) {
  const auto slot = grown(1);
  for (std::size_t failing = 0; failing < 2; ++failing) {
    faults_.fail_after(failing);
    EXPECT_EQ(slots_.extend(slot).error(), errc::no_mappings);
    EXPECT_EQ(slots_.rows(slot), 1U);
    EXPECT_EQ(rows_.free(), 5U);
    EXPECT_EQ(backend_.usage().mappings, vm::chunks_per_row(layout));
  }
}

TEST_F(virtual_slots, unmap_what_nobody_uses_where_mappings_are_short) {
  const auto ended = grown(2);
  const auto slot = grown(1);
  slots_.retire(ended, epoch{0});
  slots_.complete(epoch{1});
  faults_.fail_after(0);
  ASSERT_TRUE(slots_.extend(slot));
  EXPECT_EQ(slots_.map().mapped(ended), 1U);
}

TEST_F(virtual_slots, share_full_rows_that_nobody_may_write) {
  const auto first = grown(3);
  const auto second = slots_.acquire().value();
  ASSERT_TRUE(slots_.share(first, second, 2));
  ASSERT_TRUE(slots_.extend(second));
  EXPECT_EQ(rows_.mapped(), 4U);
  EXPECT_EQ(rows_.mappings(), 6U);
  for (std::uint32_t place = 0; place < 2; ++place) {
    EXPECT_EQ(slots_.map().at(second, place), slots_.map().at(first, place));
    EXPECT_EQ(slots_.map().at(second, place)->allowed, access::read);
  }
  EXPECT_EQ(slots_.map().at(second, 2)->allowed, access::read_write);
  // The prefix outlives the sequence that computed it, and nobody continues in its slot before it
  // is unmapped there.
  slots_.retire(first, epoch{0});
  EXPECT_EQ(rows_.pins(slots_.map().at(second, 0)->row), 1U);
  EXPECT_EQ(slots_.map().mapped(first), 3U);
  slots_.complete(epoch{1});
  EXPECT_EQ(slots_.map().mapped(first), 0U);
  EXPECT_EQ(rows_.mappings(), 3U);
  slots_.retire(second, epoch{1});
  slots_.complete(epoch{2});
  EXPECT_EQ(rows_.free(), 6U);
}

TEST_F(virtual_slots, that_cannot_share_all_share_nothing) {
  const auto first = grown(3);
  const auto before = slots_.map().at(first, 0);
  const auto second = slots_.acquire().value();
  for (std::size_t failing = 0;; ++failing) {
    faults_.fail_after(failing);
    const auto done = slots_.share(first, second, 2);
    if (done) {
      EXPECT_GE(failing, 2 * vm::chunks_per_row(layout) + layout.tensors());
      break;
    }
    EXPECT_EQ(slots_.map().at(first, 0), before);
    EXPECT_EQ(slots_.map().mapped(second), 0U);
    EXPECT_EQ(slots_.rows(second), 0U);
    EXPECT_EQ(rows_.pins(before->row), 1U);
  }
}

TEST_F(virtual_slots, share_nothing_over_what_a_device_may_be_using) {
  const auto first = grown(1);
  std::vector<std::uint32_t> all{grown(1), grown(1), grown(1)};
  slots_.retire(all[0], epoch{0});
  const auto second = slots_.acquire().value();
  EXPECT_EQ(slots_.share(first, second, 1).error(), errc::in_flight);
  slots_.complete(epoch{1});
  EXPECT_TRUE(slots_.share(first, second, 1));
}

TEST_F(virtual_slots_with_low_mark, unmap_ahead_when_free_rows_are_few) {
  const auto slot = grown(4);
  slots_.retire(slot, epoch{0});
  slots_.complete(epoch{1});
  EXPECT_EQ(rows_.free(), 4U);
  EXPECT_EQ(slots_.map().mapped(slot), 2U) << "and no more than that";
}

TEST_F(eager_virtual_slots, unmap_everything_behind_the_fence) {
  const auto slot = grown(3);
  slots_.retire(slot, epoch{2});
  EXPECT_EQ(slots_.map().mapped(slot), 3U);
  slots_.complete(epoch{3});
  EXPECT_EQ(slots_.map().mapped(slot), 0U);
  EXPECT_EQ(rows_.free(), 6U);
}

TEST(virtual_slots_cold, give_memory_to_chunks_ahead) {
  model_vm_backend backend{{.granule = granule}};
  vm::chunk_pool<model_vm_backend> rows{
      backend, {.chunk_bytes = granule, .rows = 2, .chunks_per_row = 2, .prefilled = 0, .high = 1}};
  vm::virtual_slots<model_vm_backend> slots{
      backend, rows, layout, {.slots = 1, .rows_per_slot = 2}};
  static_assert(extension_work<vm::virtual_slots<model_vm_backend>>);
  EXPECT_TRUE(slots.bind_thread());
  EXPECT_TRUE(slots.prepare());
  EXPECT_TRUE(slots.prepare());
  EXPECT_FALSE(slots.prepare());
  EXPECT_EQ(rows.warm(), 1U);
}

// Sequences come, grow, share, end; the device follows behind.
template <class Rule>
void storm(std::mt19937& rng) {
  vm_faults faults;
  linux_like_vm_backend backend{{.granule = granule, .faults = &faults}};
  vm::chunk_pool<linux_like_vm_backend> rows{backend,
                                             {.chunk_bytes = granule,
                                              .rows = 14,
                                              .chunks_per_row = vm::chunks_per_row(layout),
                                              .prefilled = 3,
                                              .low = 3}};
  vm::virtual_slots<linux_like_vm_backend, Rule> slots{
      backend, rows, layout, {.slots = 5, .rows_per_slot = 6}};
  std::vector<std::uint32_t> alive;
  std::uint64_t now = 1;
  std::uint64_t done = 0;
  for (int i = 0; i < 3'000; ++i) {
    if (rng() % 5 == 0) faults.fail_after(rng() % 10);
    const auto of = alive.empty() ? 0 : rng() % alive.size();
    switch (rng() % 6) {
      case 0: {
        const auto slot = slots.acquire(static_cast<std::uint32_t>(rng() % 6));
        if (!slot) break;
        if (!alive.empty() && rng() % 2 == 0 && slots.rows(alive[of]) > 0) {
          const auto count = static_cast<std::uint32_t>(1 + rng() % slots.rows(alive[of]));
          (void)slots.share(alive[of], *slot, count);
        }
        alive.push_back(*slot);
        break;
      }
      case 1:
      case 2:
      case 3:
        if (!alive.empty()) {
          const auto before = slots.rows(alive[of]);
          const auto extended = slots.extend(alive[of]).has_value();
          ASSERT_EQ(slots.rows(alive[of]), before + (extended ? 1 : 0)) << "at step " << i;
        }
        break;
      case 4:
        if (alive.empty()) break;
        slots.retire(alive[of], epoch{now});
        alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(of));
        break;
      default:
        now += rng() % 2;
        if (done < now) slots.complete(epoch{++done});
    }
    faults.fails_at = SIZE_MAX;
    ASSERT_TRUE(rows.check_invariants()) << "at step " << i;
    std::size_t pinned = 0;
    for (const auto slot : alive) {
      for (std::uint32_t place = 0; place < slots.rows(slot); ++place) {
        const auto here = slots.map().at(slot, place);
        ASSERT_TRUE(here) << "at step " << i;
        // What a sequence has alone it may write, and nobody else sees.
        if (here->allowed == access::read_write) {
          ASSERT_EQ(rows.pins(here->row), 1U) << "at step " << i;
          ASSERT_EQ(rows.mappings(here->row), 1U) << "at step " << i;
        }
        ++pinned;
      }
    }
    std::size_t pins = 0;
    for (std::size_t row = 0; row < 14; ++row) pins += rows.pins(to_page(row));
    ASSERT_EQ(pins, pinned) << "at step " << i;
  }
  for (const auto slot : alive) slots.retire(slot, epoch{now});
  slots.complete(epoch{now + 1});
  while (slots.reclaim_one()) continue;
  EXPECT_EQ(rows.free(), 14U);
  EXPECT_EQ(backend.usage().mappings, 0U);
}

TEST(virtual_slots_storm, deferred) {
  for_each_seed([](std::mt19937& rng) { storm<vm::deferred_reclaim>(rng); });
}

TEST(virtual_slots_storm, eager) {
  for_each_seed([](std::mt19937& rng) { storm<vm::eager_reclaim>(rng); });
}

}  // namespace
}  // namespace kvfolio::test
