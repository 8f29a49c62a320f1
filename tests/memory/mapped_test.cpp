// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/memory/mapped.hpp>

#include "../conformance/memory_conformance.hpp"

namespace kvfolio::test {
namespace {

struct make_mapped {
  static memory::mapped make() { return {}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(mapped, memory_conformance, make_mapped);

// A source without state takes no space in what holds it.
static_assert(std::is_empty_v<memory::mapped>);

TEST(mapped, blocks_are_zero) {
  memory::mapped mapped;
  const auto block = mapped.allocate(100'000).value();
  for (const auto each : block) ASSERT_EQ(each, std::byte{0});
  mapped.deallocate(block);
}

TEST(mapped, a_block_may_be_larger_than_the_machine_if_it_is_hardly_used) {
  memory::mapped mapped;
  const auto block = mapped.allocate(std::size_t{1} << 38U);
  ASSERT_TRUE(block) << "256 GiB of addresses";
  block->front() = std::byte{1};
  block->back() = std::byte{2};
  mapped.deallocate(*block);
}

TEST(mapped, says_so_when_there_are_not_that_many_addresses) {
  memory::mapped mapped;
  const auto block = mapped.allocate(std::size_t{1} << 60U);
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error(), errc::out_of_memory);
}

}  // namespace
}  // namespace kvfolio::test
