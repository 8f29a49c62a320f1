// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::test {
namespace {

TEST(store_key, is_the_first_half_of_a_digest) {
  EXPECT_EQ(tier::to_store_key({1, 2, 3, 4}), (tier::store_key{{1, 2}}));
}

}  // namespace
}  // namespace kvfolio::test
