// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/page/run_source.hpp>

namespace kvfolio::test {
namespace {

using source = page::run_source<page::first_fit>;
static_assert(host_memory<source> && source::alignment == 64);

struct run_source : testing::Test {
  static constexpr std::size_t page_bytes = 128;
  alignas(64) std::array<std::byte, 16 * page_bytes> bytes{};
  page::first_fit pages{page_id{0}, page_id{16}};
};

TEST_F(run_source, a_block_is_as_many_consecutive_pages_as_it_needs) {
  source memory{pages, bytes, page_bytes};
  const auto one = memory.allocate(1).value();
  EXPECT_EQ(pages.size(), 15U);
  const auto two = memory.allocate(3 * page_bytes).value();
  EXPECT_EQ(pages.size(), 12U);
  const auto three = memory.allocate(3 * page_bytes + 1).value();
  EXPECT_EQ(pages.size(), 8U);
  EXPECT_EQ(one.data(), bytes.data());
  EXPECT_EQ(two.data(), bytes.data() + page_bytes);
  EXPECT_EQ(three.data(), bytes.data() + 4 * page_bytes);
  EXPECT_EQ(three.size(), 3 * page_bytes + 1);
  memory.deallocate(two);
  EXPECT_EQ(pages.size(), 11U);
  EXPECT_TRUE(pages.is_out(page_id{0}));
  EXPECT_FALSE(pages.is_out(page_id{3}));
  memory.deallocate(three);
  memory.deallocate(one);
  EXPECT_EQ(pages.size(), 16U);
}

TEST_F(run_source, what_no_run_holds_is_out_of_memory) {
  source memory{pages, bytes, page_bytes};
  static_cast<void>(pages.allocate());
  EXPECT_EQ(memory.allocate(16 * page_bytes).error(), errc::out_of_memory);
  EXPECT_EQ(memory.allocate(~std::size_t{0}).error(), errc::out_of_memory);
  EXPECT_TRUE(memory.allocate(15 * page_bytes));
  EXPECT_EQ(memory.allocate(1).error(), errc::out_of_memory);
  EXPECT_TRUE(memory.allocate(0).value().empty());
}

TEST_F(run_source, pages_that_are_not_aligned_are_refused) {
  EXPECT_THROW((source{pages, bytes, 0}), std::invalid_argument);
  EXPECT_THROW((source{pages, bytes, 96}), std::invalid_argument);
  EXPECT_THROW((source{pages, std::span{bytes}.subspan(8), page_bytes}), std::invalid_argument);
  EXPECT_NO_THROW((page::run_source<page::first_fit, 32>{pages, bytes, 96}));
}

#ifndef NDEBUG
TEST_F(run_source, scenario_08_giving_a_block_back_twice_dies) {
  source memory{pages, bytes, page_bytes};
  const auto block = memory.allocate(200).value();
  EXPECT_DEATH(memory.deallocate(block.subspan(1)), "offset");
  memory.deallocate(block);
  EXPECT_DEATH(memory.deallocate(block), "out");
}
#endif

}  // namespace
}  // namespace kvfolio::test
