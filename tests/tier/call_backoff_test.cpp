// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/call_backoff.hpp>

namespace kvfolio::test {
namespace {

TEST(call_backoff, passes_over_twice_as_many_calls_after_each_failure_up_to_1024) {
  tier::call_backoff backoff;
  std::vector<int> passed;
  for (int attempts = 0; attempts < 13; ++attempts) {
    int calls = 0;
    while (!backoff.due()) ++calls;
    passed.push_back(calls);
    backoff.failed();
  }
  EXPECT_EQ(passed, (std::vector<int>{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1'024, 1'024}));
}

TEST(call_backoff, begins_anew_after_a_success) {
  tier::call_backoff backoff;
  for (int i = 0; i < 5; ++i) backoff.failed();
  backoff.succeeded();
  EXPECT_TRUE(backoff.due());
  backoff.failed();
  EXPECT_FALSE(backoff.due());
  EXPECT_TRUE(backoff.due());
}

}  // namespace
}  // namespace kvfolio::test
