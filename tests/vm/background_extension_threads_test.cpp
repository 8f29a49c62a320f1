// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/background_extension.hpp>
#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/virtual_slots.hpp>

#include "../support/growing_rows.hpp"
#include "../support/linux_like_vm_backend.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using namespace std::chrono_literals;
using background = vm::background_extension<growing_rows>;

// Waits for what another thread will do; without end if it does not.
template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::sleep_for(100us);
}

TEST(background_extension_threads, rows_are_mapped_before_they_are_needed) {
  growing_rows work{1, 8};
  background extension{work,
                       {.slots = 1, .rows_per_slot = 8, .tokens_per_row = 10, .look_ahead = 30}};
  extension.start(0, 0);
  extension.advance(0, 5);
  wait_until([&] { return extension.mapped(0) == 4; });
  ASSERT_TRUE(extension.ensure(0, 40));
  EXPECT_EQ(extension.counts(), (vm::extension_counts{.ahead = 4, .at_once = 0}));
  extension.stop(0);
}

TEST(background_extension_threads, the_least_slack_comes_first) {
  growing_rows work{3, 8};
  background extension{work,
                       {.slots = 3, .rows_per_slot = 8, .tokens_per_row = 10, .look_ahead = 20}};
  extension.with([&](growing_rows& one) {
    one.delay_ = 2ms;
    one.rows_ = {1, 1, 1};
  });
  for (std::uint32_t slot = 0; slot < 3; ++slot) extension.start(slot, 1);
  extension.advance(0, 1);
  wait_until([&] { return extension.mapped(0) == 2; });  // and a third is on its way
  extension.advance(1, 2);
  extension.advance(2, 9);
  wait_until([&] { return extension.mapped(1) == 3 && extension.mapped(2) == 3; });
  extension.with([](const growing_rows& one) {
    std::vector<std::uint32_t> after;
    for (const auto slot : one.order_) {
      if (slot != 0) after.push_back(slot);
    }
    // A token of slack, then eight; ten more each time.
    EXPECT_EQ(after, (std::vector<std::uint32_t>{2, 1, 2, 1}));
  });
}

TEST(background_extension_threads, no_more_rows_than_a_step_may_have_are_mapped_ahead) {
  growing_rows work{1, 8};
  background extension{
      work,
      {.slots = 1, .rows_per_slot = 8, .tokens_per_row = 10, .look_ahead = 60, .rows_per_step = 2}};
  extension.start(0, 0);
  extension.advance(0, 1);
  wait_until([&] { return extension.mapped(0) == 2; });
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(extension.mapped(0), 2U);
  extension.step();
  wait_until([&] { return extension.mapped(0) == 4; });
  extension.stop(0);
}

TEST(background_extension_threads, memory_is_prepared_when_nothing_is_wanted) {
  growing_rows work{1, 8};
  work.to_prepare_ = 5;
  background extension{work, {.slots = 1, .rows_per_slot = 8, .tokens_per_row = 10}};
  wait_until(
      [&] { return extension.with([](const growing_rows& one) { return one.to_prepare_ == 0; }); });
  extension.start(0, 0);
  extension.with([](growing_rows& one) { one.to_prepare_ = 1; });
  ASSERT_TRUE(extension.ensure(0, 1));
  wait_until(
      [&] { return extension.with([](const growing_rows& one) { return one.to_prepare_ == 0; }); });
}

TEST(background_extension_threads, whoever_waits_comes_before_the_next_row) {
  growing_rows work{2, 1'000};
  work.delay_ = 1ms;
  background extension{
      work, {.slots = 2, .rows_per_slot = 1'000, .tokens_per_row = 1, .look_ahead = 1'000}};
  extension.start(0, 0);
  extension.start(1, 0);
  extension.advance(0, 0);
  wait_until([&] { return extension.mapped(0) > 1; });
  const auto before = extension.mapped(0);
  for (std::size_t tokens = 1; tokens <= 5; ++tokens) ASSERT_TRUE(extension.ensure(1, tokens));
  EXPECT_LE(extension.mapped(0), before + 15) << "a worker that is always first would map 1,000";
  EXPECT_EQ(extension.counts().at_once, 5U);
}

// Rows of a real map: whoever sees that a row is mapped finds all of it there.
TEST(background_extension_threads, sequences_grow_share_memory_and_end) {
  static constexpr std::size_t granule = 1'024;
  static constexpr std::uint32_t slots = 4;
  static const vm::per_layer layout{model::grouped_query(2, 1, 64, dtype::f16), granule};
  using slots_type = vm::virtual_slots<linux_like_vm_backend>;
  linux_like_vm_backend backend{{.granule = granule}};
  vm::chunk_pool<linux_like_vm_backend> rows{backend,
                                             {.chunk_bytes = granule,
                                              .rows = 24,
                                              .chunks_per_row = vm::chunks_per_row(layout),
                                              .prefilled = 2,
                                              .low = 2,
                                              .high = 6}};
  slots_type sequences{backend, rows, layout, {.slots = slots, .rows_per_slot = 8}};
  vm::background_extension<slots_type> extension{sequences,
                                                 {.slots = slots,
                                                  .rows_per_slot = 8,
                                                  .tokens_per_row = layout.tokens_per_row(),
                                                  .look_ahead = 6}};
  std::uint64_t now = 1;
  for_each_seed([&](std::mt19937& rng) {
    std::vector<std::uint32_t> alive;
    std::vector<std::size_t> tokens(slots);
    for (int step = 1; step < 400; ++step) {
      extension.with([&](slots_type&) { sequences.complete(vm::epoch{now++}); });
      if (alive.size() < slots && rng() % 8 == 0) {
        const auto slot = extension.with([&](slots_type&) { return sequences.acquire(1); });
        ASSERT_TRUE(slot);
        tokens[*slot] = 0;
        extension.start(*slot, 0);
        alive.push_back(*slot);
      }
      for (const auto slot : alive) {
        if (tokens[slot] + 3 > 8U * layout.tokens_per_row()) continue;
        tokens[slot] += rng() % 3;
        const auto done = extension.ensure(slot, tokens[slot]);
        if (!done) {
          ASSERT_EQ(done.error(), errc::out_of_pages);
          tokens[slot] = extension.mapped(slot) * std::size_t{layout.tokens_per_row()};
        }
        extension.advance(slot, tokens[slot]);
      }
      if (!alive.empty() && rng() % 30 == 0) {
        extension.stop(alive.front());
        extension.with([&](slots_type&) { sequences.retire(alive.front(), vm::epoch{now}); });
        alive.erase(alive.begin());
      }
      if (step % 50 == 0) {
        std::this_thread::sleep_for(200us);
        extension.with([&](slots_type&) {
          ASSERT_TRUE(rows.check_invariants());
          for (const auto slot : alive) ASSERT_GE(sequences.rows(slot), extension.mapped(slot));
        });
      }
    }
    for (const auto slot : alive) {
      extension.stop(slot);
      extension.with([&](slots_type&) { sequences.retire(slot, vm::epoch{now}); });
    }
    extension.with([&](slots_type&) {
      sequences.complete(vm::epoch{++now});
      EXPECT_EQ(sequences.obtainable(), 24U);
    });
  });
}

}  // namespace
}  // namespace kvfolio::test
