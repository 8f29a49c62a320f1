// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <barrier>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/thread_number.hpp>

namespace kvfolio::test {
namespace {

// What `threads` threads are told that live at the same time.
std::vector<std::uint32_t> numbers_of(std::ptrdiff_t threads) {
  std::vector<std::uint32_t> numbers(static_cast<std::size_t>(threads));
  std::barrier all_have_one{threads};
  std::vector<std::jthread> workers;
  for (auto& number : numbers) {
    workers.emplace_back([&number, &all_have_one] {
      number = page::thread_number();
      all_have_one.arrive_and_wait();
      EXPECT_EQ(page::thread_number(), number) << "it keeps its number";
    });
  }
  workers.clear();
  return numbers;
}

TEST(thread_number, threads_that_live_at_the_same_time_have_different_ones) {
  const auto mine = page::thread_number();
  const auto numbers = numbers_of(20);
  std::set<std::uint32_t> different(numbers.begin(), numbers.end());
  EXPECT_EQ(different.size(), 20U);
  EXPECT_FALSE(different.contains(mine));
  EXPECT_LT(*different.rbegin(), 63U);
}

TEST(thread_number, those_of_threads_that_ended_are_given_again) {
  static_cast<void>(page::thread_number());
  for (int i = 0; i < 100; ++i) EXPECT_LE(numbers_of(1).front(), 1U);
}

TEST(thread_number, there_are_64_and_the_last_is_shared) {
  const auto numbers = numbers_of(70);
  EXPECT_EQ(*std::max_element(numbers.begin(), numbers.end()), 63U);
  EXPECT_GE(std::count(numbers.begin(), numbers.end(), 63U), 7);
  EXPECT_GE(std::set<std::uint32_t>(numbers.begin(), numbers.end()).size(), 63U);
}

}  // namespace
}  // namespace kvfolio::test
