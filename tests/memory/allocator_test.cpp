// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <list>
#include <new>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/memory/allocator.hpp>
#include <kvfolio/memory/heap.hpp>
#include <kvfolio/memory/limiting.hpp>
#include <kvfolio/memory/statistics.hpp>

namespace kvfolio::test {
namespace {

using source = memory::statistics<memory::limiting<memory::heap>>;
template <class T>
using allocator = memory::allocator<T, source>;

TEST(memory_allocator, containers_take_bytes_from_its_source_and_give_all_back) {
  source bytes{memory::limiting<memory::heap>{1'000}};
  {
    std::vector<int, allocator<int>> numbers{allocator<int>{bytes}};
    numbers.assign(100, 7);
    EXPECT_EQ(bytes.used().bytes, 100 * sizeof(int));
    std::list<int, allocator<int>> nodes{numbers.get_allocator()};  // of another type, rebound
    nodes.push_back(1);
    EXPECT_GT(bytes.used().bytes, 100 * sizeof(int));
    EXPECT_THROW(numbers.resize(1'000), std::bad_alloc);
    EXPECT_EQ(numbers.size(), 100U);
  }
  EXPECT_EQ(bytes.used().bytes, 0U);
}

TEST(memory_allocator, more_objects_than_can_be_counted_are_refused) {
  source bytes{memory::limiting<memory::heap>{1'000}};
  allocator<long> numbers{bytes};
  EXPECT_THROW(static_cast<void>(numbers.allocate(~std::size_t{0} / 4)), std::length_error);
}

TEST(memory_allocator, those_of_one_source_are_equal) {
  source one{memory::limiting<memory::heap>{1}};
  source other{memory::limiting<memory::heap>{1}};
  EXPECT_EQ(allocator<int>{one}, allocator<char>{one});
  EXPECT_NE(allocator<int>{one}, allocator<int>{other});
}

}  // namespace
}  // namespace kvfolio::test
