// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/memory/heap.hpp>

#include "../conformance/memory_conformance.hpp"

namespace kvfolio::test {
namespace {

struct make_heap {
  static memory::heap make() { return {}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(heap, memory_conformance, make_heap);

// A source without state takes no space in what holds it.
static_assert(std::is_empty_v<memory::heap>);

TEST(heap, says_so_when_there_is_not_that_much_memory) {
  memory::heap heap;
  const auto block = heap.allocate(std::size_t{1} << 60U);
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error(), errc::out_of_memory);
}

}  // namespace
}  // namespace kvfolio::test
