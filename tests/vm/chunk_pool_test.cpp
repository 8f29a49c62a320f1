// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/chunk_pool.hpp>

#include "../support/model_vm_backend.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1'024;

class chunk_pool : public testing::Test {
 protected:
  using pool_type = vm::chunk_pool<model_vm_backend>;

  vm_faults faults_;
  model_vm_backend backend_{{.faults = &faults_}};
};

TEST_F(chunk_pool, has_memory_for_what_is_prefilled_and_no_more) {
  {
    pool_type pool{backend_,
                   {.chunk_bytes = chunk_bytes, .rows = 8, .chunks_per_row = 3, .prefilled = 2}};
    EXPECT_EQ(pool.free(), 8U);
    EXPECT_EQ(pool.warm(), 2U);
    EXPECT_EQ(backend_.usage().physical_bytes, 2 * 3 * chunk_bytes);
    EXPECT_TRUE(pool.check_invariants());
  }
  EXPECT_EQ(backend_.usage().physical_bytes, 0U);
}

TEST_F(chunk_pool, is_filled_by_default) {
  const pool_type pool{backend_, {.chunk_bytes = chunk_bytes, .rows = 8}};
  EXPECT_EQ(pool.warm(), 8U);
  EXPECT_EQ(pool.chunks_with_memory(), 8U);
}

TEST_F(chunk_pool, hands_out_warm_rows_first_and_the_latest_of_them) {
  pool_type pool{backend_, {.chunk_bytes = chunk_bytes, .rows = 4, .prefilled = 2}};
  const auto first = pool.take().value();
  const auto second = pool.take().value();
  EXPECT_TRUE(pool.has_memory(first) && pool.has_memory(second));
  EXPECT_FALSE(pool.has_memory(pool.take().value()));
  EXPECT_TRUE(pool.unpin(second));
  EXPECT_TRUE(pool.unpin(first));
  EXPECT_EQ(pool.take(), first);
  EXPECT_EQ(pool.take(), second);
  EXPECT_TRUE(pool.take());
  EXPECT_EQ(pool.take(), std::nullopt);
  EXPECT_TRUE(pool.check_invariants());
}

TEST_F(chunk_pool, a_row_is_free_when_nobody_pins_it_and_it_is_mapped_nowhere) {
  pool_type pool{backend_, {.chunk_bytes = chunk_bytes, .rows = 1}};
  const auto row = pool.take().value();
  pool.pin(row);
  pool.note_mapping(row);
  EXPECT_FALSE(pool.unpin(row));
  EXPECT_TRUE(pool.unpin(row));
  EXPECT_EQ(pool.lingering(), 1U);
  EXPECT_EQ(pool.take(), std::nullopt) << "somebody may be reading it";
  pool.claim(row);
  EXPECT_EQ(pool.lingering(), 0U);
  EXPECT_TRUE(pool.unpin(row));
  pool.note_unmapping(row);
  EXPECT_EQ(pool.take(), row);
}

TEST_F(chunk_pool, a_row_may_be_taken_by_its_number) {
  pool_type pool{backend_, {.chunk_bytes = chunk_bytes, .rows = 3}};
  pool.claim(page_id{1});
  std::vector<page_id> others{pool.take().value(), pool.take().value()};
  std::sort(others.begin(), others.end());
  EXPECT_EQ(others, (std::vector<page_id>{page_id{0}, page_id{2}}));
}

TEST_F(chunk_pool, a_row_gets_all_its_memory_or_none) {
  for (std::size_t failing = 0; failing < 4; ++failing) {
    pool_type pool{backend_,
                   {.chunk_bytes = chunk_bytes, .rows = 2, .chunks_per_row = 4, .prefilled = 0}};
    const auto row = pool.take().value();
    faults_.fail_after(failing);
    EXPECT_EQ(pool.back(row).error(), errc::no_physical);
    EXPECT_EQ(backend_.usage().physical_bytes, 0U);
    EXPECT_TRUE(pool.check_invariants());
    ASSERT_TRUE(pool.back(row));
    EXPECT_EQ(pool.memory(row).size(), 4U);
    ASSERT_TRUE(pool.back(row)) << "and that is all";
    EXPECT_EQ(pool.chunks_with_memory(), 4U);
  }
}

TEST_F(chunk_pool, that_cannot_be_filled_is_not_made_and_leaves_nothing_behind) {
  for (std::size_t failing = 0; failing < 6; ++failing) {
    faults_.fail_after(failing);
    EXPECT_THROW(
        (pool_type{backend_, {.chunk_bytes = chunk_bytes, .rows = 3, .chunks_per_row = 2}}),
        bad_result);
    EXPECT_EQ(backend_.usage().physical_bytes, 0U);
  }
}

TEST_F(chunk_pool, prepares_chunk_by_chunk_up_to_its_high_mark) {
  pool_type pool{
      backend_,
      {.chunk_bytes = chunk_bytes, .rows = 4, .chunks_per_row = 2, .prefilled = 0, .high = 2}};
  EXPECT_TRUE(pool.prepare().value());
  EXPECT_EQ(pool.warm(), 0U) << "half a row";
  faults_.fail_after(0);
  EXPECT_EQ(pool.prepare().error(), errc::no_physical);
  EXPECT_TRUE(pool.prepare().value());
  EXPECT_EQ(pool.warm(), 1U);
  EXPECT_TRUE(pool.prepare().value());
  const auto row = pool.take().value();
  EXPECT_TRUE(pool.has_memory(row));
  const auto half = pool.take().value();
  ASSERT_TRUE(pool.back(half)) << "what was begun is finished";
  EXPECT_EQ(pool.chunks_with_memory(), 4U);
  EXPECT_TRUE(pool.unpin(row) && pool.unpin(half));
  EXPECT_FALSE(pool.prepare().value()) << "two rows are warm";
  EXPECT_TRUE(pool.check_invariants());
}

TEST_F(chunk_pool, cools_only_what_is_free) {
  pool_type pool{backend_, {.chunk_bytes = chunk_bytes, .rows = 3, .low = 2}};
  const auto row = pool.take().value();
  EXPECT_FALSE(pool.is_low());
  EXPECT_EQ(pool.cool(1), 1U);
  EXPECT_EQ(pool.cool(100), 1U);
  EXPECT_EQ(backend_.usage().physical_bytes, chunk_bytes);
  EXPECT_TRUE(pool.has_memory(row));
  EXPECT_EQ(pool.free(), 2U);
  EXPECT_TRUE(pool.take());
  EXPECT_TRUE(pool.is_low());
}

TEST_F(chunk_pool, that_makes_no_sense_is_refused) {
  EXPECT_THROW((pool_type{backend_, {.chunk_bytes = 0, .rows = 1}}), std::invalid_argument);
  EXPECT_THROW((pool_type{backend_, {.chunk_bytes = 4'096, .rows = 1}}), std::invalid_argument);
  EXPECT_THROW((pool_type{backend_, {.chunk_bytes = chunk_bytes}}), std::invalid_argument);
  EXPECT_THROW((pool_type{backend_, {.chunk_bytes = chunk_bytes, .rows = 1, .chunks_per_row = 0}}),
               std::invalid_argument);
}

TEST_F(chunk_pool, agrees_with_counts_kept_naively) {
  for_each_seed([this](std::mt19937& rng) {
    static constexpr std::size_t rows = 12;
    pool_type pool{backend_,
                   {.chunk_bytes = chunk_bytes, .rows = rows, .chunks_per_row = 2, .prefilled = 5}};
    std::vector<int> pins(rows);
    std::vector<int> mappings(rows);
    for (int i = 0; i < 20'000; ++i) {
      const auto row = to_page(rng() % rows);
      auto& pinned = pins[to_index(row)];
      auto& mapped = mappings[to_index(row)];
      switch (rng() % 7) {
        case 0: {
          const auto taken = pool.take();
          const auto free =
              static_cast<std::size_t>(std::count(pins.begin(), pins.end(), 0)) - pool.lingering();
          ASSERT_EQ(taken.has_value(), free != 0) << "at step " << i;
          if (!taken) break;
          ASSERT_EQ(pins[to_index(*taken)] + mappings[to_index(*taken)], 0);
          pins[to_index(*taken)] = 1;
          break;
        }
        case 1:
          if (pinned == 0) {
            pool.claim(row);
          } else {
            pool.pin(row);
          }
          ++pinned;
          break;
        case 2:
        case 3:
          if (pinned != 0) {
            ASSERT_EQ(pool.unpin(row), --pinned == 0);
          }
          break;
        case 4:
          if (pinned == 0) break;
          ASSERT_TRUE(pool.back(row));
          pool.note_mapping(row);
          ++mapped;
          break;
        case 5:
          if (mapped == 0) break;
          pool.note_unmapping(row);
          --mapped;
          break;
        default: pool.cool(rng() % 3);
      }
      ASSERT_EQ(pool.pins(row), static_cast<std::uint32_t>(pinned));
      ASSERT_EQ(pool.mappings(row), static_cast<std::uint32_t>(mapped));
      ASSERT_EQ(pool.mapped(),
                rows - static_cast<std::size_t>(std::count(mappings.begin(), mappings.end(), 0)));
      ASSERT_TRUE(pool.check_invariants()) << "at step " << i;
      ASSERT_EQ(backend_.usage().physical_bytes, pool.chunks_with_memory() * chunk_bytes);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      while (mappings[row]-- > 0) pool.note_unmapping(to_page(row));
    }
  });
}

#ifndef NDEBUG
using chunk_pool_death = chunk_pool;

TEST_F(chunk_pool_death, a_pin_that_nobody_has_cannot_be_taken_back) {
  pool_type pool{backend_, {.chunk_bytes = chunk_bytes, .rows = 1}};
  EXPECT_DEATH(pool.unpin(page_id{0}), "pins");
}

TEST_F(chunk_pool_death, what_is_mapped_outlives_no_pool) {
  EXPECT_DEATH(
      {
        pool_type pool(backend_, {.chunk_bytes = chunk_bytes, .rows = 1});
        pool.note_mapping(pool.take().value());
      },
      "mappings_");
}
#endif

}  // namespace
}  // namespace kvfolio::test
