// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>

#include <kvfolio/page/buddy.hpp>

#include "../conformance/checking_allocator_conformance.hpp"
#include "../conformance/page_allocator_conformance.hpp"
#include "../conformance/resizable_allocator_conformance.hpp"
#include "../conformance/run_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using self = testing::Types<page::buddy>;
INSTANTIATE_TYPED_TEST_SUITE_P(buddy, page_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(buddy, run_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(buddy, resizable_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(buddy, checking_allocator_conformance, self);

TEST(buddy, splits_the_smallest_block_that_is_large_enough) {
  page::buddy pages{page_id{0}, page_id{32}};
  EXPECT_EQ(pages.allocate(), page_id{0});
  EXPECT_EQ(pages.allocate(), page_id{1});
  EXPECT_EQ(pages.allocate_run(4), (page_run{page_id{4}, 4}));
  EXPECT_EQ(pages.allocate(), page_id{2}) << "the block of two is smaller than those of eight";
  EXPECT_EQ(pages.allocate_run(16), (page_run{page_id{16}, 16}));
  EXPECT_EQ(pages.allocate_run(16), std::nullopt);
  EXPECT_EQ(pages.allocate_run(8), (page_run{page_id{8}, 8}));
}

TEST(buddy, scenario_49_halves_join_when_both_are_free) {
  page::buddy pages{page_id{0}, page_id{64}};
  const auto page = pages.allocate().value();
  EXPECT_EQ(pages.allocate_run(64), std::nullopt);
  pages.release(page, page_history::draft);
  EXPECT_EQ(pages.allocate_run(64), (page_run{page_id{0}, 64}));
}

TEST(buddy, scenario_49_pages_need_neither_begin_at_a_power_of_two_nor_be_one) {
  page::buddy pages{page_id{5}, page_id{129}};  // blocks of 1, 2, 8, 16, 32, 64, 1 pages
  EXPECT_EQ(pages.allocate_run(64), (page_run{page_id{64}, 64}));
  EXPECT_EQ(pages.allocate_run(32), (page_run{page_id{32}, 32}));
  EXPECT_EQ(pages.allocate_run(16), (page_run{page_id{16}, 16}));
  EXPECT_EQ(pages.allocate_run(8), (page_run{page_id{8}, 8}));
  EXPECT_EQ(pages.allocate_run(2), (page_run{page_id{6}, 2}));
  EXPECT_EQ(pages.allocate(), page_id{5});
  EXPECT_EQ(pages.allocate(), page_id{128});
  EXPECT_EQ(pages.allocate(), std::nullopt);
}

TEST(buddy, what_a_run_does_not_need_of_its_block_stays_free) {
  page::buddy pages{page_id{0}, page_id{16}};
  EXPECT_EQ(pages.allocate_run(9), (page_run{page_id{0}, 9}));
  EXPECT_EQ(pages.size(), 7U);
  EXPECT_EQ(pages.allocate(), page_id{9});
  EXPECT_EQ(pages.allocate_run(4), (page_run{page_id{12}, 4}));
  pages.release_run({page_id{0}, 10}, page_history::draft);
  pages.release_run({page_id{12}, 4}, page_history::draft);
  EXPECT_EQ(pages.allocate_run(16), (page_run{page_id{0}, 16}));
}

TEST(buddy, free_neighbours_that_are_no_halves_of_one_block_are_no_run) {
  page::buddy pages{page_id{0}, page_id{8}};
  ASSERT_TRUE(pages.allocate_run(8));
  pages.release_run({page_id{1}, 2}, page_history::draft);
  EXPECT_EQ(pages.allocate_run(2), std::nullopt);
  EXPECT_EQ(pages.allocate(), page_id{1});
}

}  // namespace
}  // namespace kvfolio::test
