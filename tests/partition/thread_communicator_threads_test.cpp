// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/thread_communicator.hpp>

#include "../conformance/communicator_conformance.hpp"

namespace kvfolio::test {
namespace {

using partition::thread_communicator;
using partition::thread_ranks;

TEST(thread_communicator_threads, keep_its_promises_among_two_and_many) {
  for (const std::uint32_t size : {2U, 4U, 6U}) {
    thread_ranks ranks{size};
    EXPECT_EQ(ranks.size(), size);
    std::vector<std::string> wrong(size);
    {
      std::vector<std::jthread> threads;
      for (std::uint32_t rank = 0; rank < size; ++rank) {
        threads.emplace_back([&, rank] {
          try {
            thread_communicator mine{ranks, rank};
            for (int again = 0; again < 20; ++again) hold_to_promises(mine);
          } catch (const std::exception& problem) {
            wrong[rank] = problem.what();
          }
        });
      }
    }
    for (const auto& each : wrong) EXPECT_EQ(each, "");
  }
}

}  // namespace
}  // namespace kvfolio::test
