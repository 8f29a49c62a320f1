// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/partition/thread_communicator.hpp>

#include "../conformance/communicator_conformance.hpp"

namespace kvfolio::test {
namespace {

// With more ranks, in thread_communicator_threads_test.cpp.
TEST(thread_communicator, keeps_its_promises_alone) {
  partition::thread_ranks ranks{1};
  partition::thread_communicator alone{ranks, 0};
  EXPECT_EQ(ranks.size(), 1U);
  EXPECT_NO_THROW(hold_to_promises(alone));
}

}  // namespace
}  // namespace kvfolio::test
