// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/vm/synchronous_extension.hpp>

#include "../conformance/row_extension_conformance.hpp"

namespace kvfolio::test {
namespace {

using synchronous = vm::synchronous_extension<growing_rows>;
INSTANTIATE_TYPED_TEST_SUITE_P(synchronous, row_extension_conformance, synchronous);

TEST(synchronous_extension, maps_ahead_in_the_call_and_up_to_its_cap) {
  growing_rows work{2, 8};
  synchronous extension{
      work,
      {.slots = 2, .rows_per_slot = 8, .tokens_per_row = 10, .look_ahead = 25, .rows_per_step = 2}};
  extension.start(0, 0);
  extension.advance(0, 5);
  EXPECT_EQ(extension.mapped(0), 2U) << "of the three that 30 tokens need";
  extension.step();
  extension.advance(0, 5);
  EXPECT_EQ(extension.mapped(0), 3U);
  EXPECT_EQ(extension.counts(), (vm::extension_counts{.ahead = 3, .at_once = 0}));
}

TEST(synchronous_extension, without_look_ahead_maps_what_is_needed) {
  growing_rows work{1, 8};
  synchronous extension{work,
                        {.slots = 1, .rows_per_slot = 8, .tokens_per_row = 10, .look_ahead = 0}};
  extension.start(0, 0);
  extension.advance(0, 0);
  EXPECT_EQ(extension.mapped(0), 0U);
  ASSERT_TRUE(extension.ensure(0, 1));
  extension.advance(0, 10);
  EXPECT_EQ(extension.mapped(0), 1U);
}

}  // namespace
}  // namespace kvfolio::test
