// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/partition/lone_communicator.hpp>

#include "../conformance/communicator_conformance.hpp"

namespace kvfolio::test {
namespace {

TEST(lone_communicator, keeps_its_promises) {
  partition::lone_communicator alone;
  EXPECT_NO_THROW(hold_to_promises(alone));
}

}  // namespace
}  // namespace kvfolio::test
