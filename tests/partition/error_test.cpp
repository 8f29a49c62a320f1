// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/partition/error.hpp>

namespace kvfolio::test {
namespace {

TEST(bad_partition, says_why_to_programs_and_to_people) {
  const partition::bad_partition error{partition::refusal::empty_stage, "stage 2 has no layer"};
  EXPECT_EQ(error.reason(), partition::refusal::empty_stage);
  EXPECT_EQ(std::string{error.what()}, "kvfolio: stage 2 has no layer");
}

}  // namespace
}  // namespace kvfolio::test
