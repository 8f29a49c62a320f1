// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/memory/heap.hpp>
#include <kvfolio/memory/limiting.hpp>
#include <kvfolio/memory/mapped.hpp>
#include <kvfolio/memory/statistics.hpp>
#include <kvfolio/memory/unbacked.hpp>

#include "../conformance/memory_conformance.hpp"

namespace kvfolio::test {
namespace {

template <class Source>
struct make_statistics {
  static auto make() { return memory::statistics<Source>{}; }
};
using counting_sources =
    testing::Types<make_statistics<memory::heap>, make_statistics<memory::mapped>,
                   make_statistics<memory::unbacked>,
                   make_statistics<memory::statistics<memory::mapped>>>;
INSTANTIATE_TYPED_TEST_SUITE_P(statistics, memory_conformance, counting_sources);

TEST(statistics, counts_what_is_handed_out_and_the_most_that_ever_was) {
  memory::statistics<memory::heap> source;
  const auto one = source.allocate(100).value();
  const auto two = source.allocate(50).value();
  source.deallocate(one);
  const auto three = source.allocate(20).value();
  EXPECT_EQ(source.used(), (memory::usage{.bytes = 70, .peak_bytes = 150, .allocations = 3}));
  source.deallocate(two);
  source.deallocate(three);
  EXPECT_EQ(source.used().bytes, 0U);
}

TEST(statistics, empty_blocks_are_not_allocations_and_failures_are_counted) {
  using limited = memory::limiting<memory::heap>;
  memory::statistics<limited> source{limited{10}};
  source.deallocate(source.allocate(0).value());
  EXPECT_EQ(source.used(), memory::usage{});
  EXPECT_FALSE(source.allocate(11));
  EXPECT_EQ(source.used(), (memory::usage{.failures = 1}));
}

}  // namespace
}  // namespace kvfolio::test
