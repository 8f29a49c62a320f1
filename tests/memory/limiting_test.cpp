// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/memory/heap.hpp>
#include <kvfolio/memory/limiting.hpp>
#include <kvfolio/memory/statistics.hpp>

#include "../conformance/memory_conformance.hpp"

namespace kvfolio::test {
namespace {

constexpr std::size_t limit = 16U << 20U;
struct make_limiting {
  static auto make() { return memory::limiting<memory::heap>{limit}; }
};
struct make_nested {
  using inner = memory::statistics<memory::heap>;
  static auto make() { return memory::limiting<inner>{limit, inner{}}; }
};
using limiting_sources = testing::Types<make_limiting, make_nested>;
INSTANTIATE_TYPED_TEST_SUITE_P(limiting, memory_conformance, limiting_sources);

static_assert(sizeof(memory::limiting<memory::heap>) == sizeof(std::size_t));

TEST(limiting, the_last_byte_can_be_had_and_the_next_cannot) {
  memory::limiting<memory::heap> source{100};
  const auto most = source.allocate(100).value();
  EXPECT_EQ(source.remaining(), 0U);
  EXPECT_EQ(source.allocate(1).error(), errc::out_of_memory);
  EXPECT_TRUE(source.allocate(0));
  source.deallocate(most);
  EXPECT_EQ(source.remaining(), 100U);
}

TEST(limiting, a_block_that_is_refused_leaves_no_trace) {
  memory::limiting<memory::heap> source{100};
  const auto block = source.allocate(60).value();
  EXPECT_EQ(source.allocate(41).error(), errc::out_of_memory);
  EXPECT_EQ(source.allocate(~std::size_t{0}).error(), errc::out_of_memory);
  EXPECT_EQ(source.remaining(), 40U);
  source.deallocate(block);
}

TEST(limiting, a_failure_of_the_source_below_costs_nothing) {
  memory::limiting<memory::limiting<memory::heap>> source{100, memory::limiting<memory::heap>{50}};
  EXPECT_EQ(source.allocate(60).error(), errc::out_of_memory);
  EXPECT_EQ(source.remaining(), 100U);
}

}  // namespace
}  // namespace kvfolio::test
