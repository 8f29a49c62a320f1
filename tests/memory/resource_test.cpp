// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <memory_resource>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/memory/heap.hpp>
#include <kvfolio/memory/limiting.hpp>
#include <kvfolio/memory/resource.hpp>
#include <kvfolio/memory/statistics.hpp>
#include <kvfolio/page/best_fit.hpp>
#include <kvfolio/page/run_source.hpp>

namespace kvfolio::test {
namespace {

TEST(memory_resource, containers_live_in_the_pages_of_a_pool) {
  alignas(64) static std::byte bytes[64 * 256];
  page::best_fit pages{page_id{0}, page_id{64}};
  memory::resource<page::run_source<page::best_fit>> resource{{pages, bytes, 256}};
  {
    std::pmr::vector<std::pmr::string> texts{&resource};
    for (int i = 0; i < 20; ++i) texts.emplace_back(std::string(100, 'x'));
    EXPECT_LT(pages.size(), 44U);
    const auto* first = reinterpret_cast<const std::byte*>(texts.front().data());
    EXPECT_TRUE(first >= bytes && first < bytes + sizeof bytes);
    EXPECT_THROW(texts.emplace_back(std::string(64 * 256, 'x')), std::bad_alloc);
    EXPECT_EQ(texts.size(), 20U);
  }
  EXPECT_EQ(pages.size(), 64U) << "all came back";
}

TEST(memory_resource, every_block_has_an_address_of_its_own_also_an_empty_one) {
  memory::resource<memory::statistics<memory::heap>> resource;
  auto* const one = resource.allocate(0);
  auto* const two = resource.allocate(0);
  EXPECT_NE(one, nullptr);
  EXPECT_NE(one, two);
  resource.deallocate(one, 0);
  resource.deallocate(two, 0);
  EXPECT_EQ(resource.source().used().bytes, 0U);
  EXPECT_EQ(resource.source().used().allocations, 2U);
}

TEST(memory_resource, what_the_source_cannot_give_is_a_bad_alloc) {
  memory::resource<memory::limiting<memory::heap>> resource{memory::limiting<memory::heap>{100}};
  EXPECT_THROW(static_cast<void>(resource.allocate(101)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(resource.allocate(1, 128)), std::bad_alloc) << "its alignment";
  EXPECT_EQ(resource.source().remaining(), 100U);
}

TEST(memory_resource, is_equal_to_itself_alone) {
  memory::resource<memory::heap> one;
  memory::resource<memory::heap> other;
  EXPECT_TRUE(one.is_equal(one));
  EXPECT_FALSE(one.is_equal(other));
}

}  // namespace
}  // namespace kvfolio::test
