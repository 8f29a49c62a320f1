// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/vm/system_limits.hpp>

namespace kvfolio::test {
namespace {

TEST(system_limits, finds_the_number_behind_a_label) {
  const auto path = testing::TempDir() + "system_limits_test";
  std::ofstream{path} << "MemTotal:  9 kB\nMemAvailable:    1234 kB\nlimit: max\n";
  EXPECT_EQ(vm::number_in(path.c_str(), "MemAvailable:", 5), 1234U);
  EXPECT_EQ(vm::number_in(path.c_str(), "MemMissing:", 5), 5U);
  EXPECT_EQ(vm::number_in(path.c_str(), "limit:", 5), 5U) << "no number";
  EXPECT_EQ(vm::number_in((path + "?").c_str(), "", 5), 5U) << "no file";
}

TEST(system_limits, are_those_of_this_machine) {
  std::ifstream file{"/proc/sys/vm/max_map_count"};
  std::size_t expected = 65'530;
  file >> expected;
  EXPECT_EQ(vm::max_map_count(), expected);
  EXPECT_GT(vm::available_memory(), 1U << 20U);
}

}  // namespace
}  // namespace kvfolio::test
