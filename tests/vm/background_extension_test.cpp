// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include <kvfolio/vm/background_extension.hpp>

#include "../conformance/row_extension_conformance.hpp"

namespace kvfolio::test {
namespace {

using background = vm::background_extension<growing_rows>;
INSTANTIATE_TYPED_TEST_SUITE_P(background, row_extension_conformance, background);

// A worker that may not work leaves everything to the owner.
TEST(background_extension, without_a_thread_maps_at_once) {
  growing_rows work{1, 8};
  work.refuses_threads_ = true;
  background extension{work, {.slots = 1, .rows_per_slot = 8, .tokens_per_row = 10}};
  extension.start(0, 0);
  extension.advance(0, 1);
  while (work.bound_.load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  ASSERT_TRUE(extension.ensure(0, 15));
  EXPECT_EQ(extension.counts(), (vm::extension_counts{.ahead = 0, .at_once = 2}));
  extension.stop(0);
}

}  // namespace
}  // namespace kvfolio::test
