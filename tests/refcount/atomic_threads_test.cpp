// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/refcount/atomic.hpp>

namespace kvfolio::test {
namespace {

constexpr int workers = 8;

// Runs `work(worker)` on several threads, which begin together.
template <class Work>
void run_together(Work work) {
  std::latch begin{workers};
  std::vector<std::jthread> threads;
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      begin.arrive_and_wait();
      work(worker);
    });
  }
}

TEST(atomic_threads, scenario_11_no_pin_is_lost) {
  refcount::atomic pins;
  pins.start();
  run_together([&pins](int /*worker*/) {
    for (int i = 0; i < 10'000; ++i) {
      EXPECT_FALSE(pins.acquire()) << "somebody holds one";
      EXPECT_FALSE(pins.release()) << "somebody holds one";
    }
  });
  EXPECT_TRUE(pins.unique());
  EXPECT_TRUE(pins.release());
}

TEST(atomic_threads, exactly_one_is_told_that_it_was_the_last) {
  for (int round = 0; round < 200; ++round) {
    refcount::atomic pins;
    for (int i = 0; i < workers; ++i) pins.acquire();
    std::atomic<int> told = 0;
    run_together([&](int /*worker*/) {
      if (pins.release()) ++told;
    });
    EXPECT_EQ(told, 1) << "in round " << round;
    EXPECT_TRUE(pins.idle());
  }
}

TEST(atomic_threads, the_last_one_sees_what_the_others_wrote) {
  for (int round = 0; round < 200; ++round) {
    refcount::atomic pins;
    for (int i = 0; i < workers; ++i) pins.acquire();
    std::vector<int> page(workers);  // plain memory: the counter alone orders it
    int sum = 0;
    run_together([&](int worker) {
      page[static_cast<std::size_t>(worker)] = worker + 1;
      if (!pins.release()) return;
      for (const auto each : page) sum += each;
    });
    EXPECT_EQ(sum, workers * (workers + 1) / 2) << "in round " << round;
  }
}

TEST(atomic_threads, the_holder_of_the_only_pin_may_write_what_others_have_read) {
  for (int round = 0; round < 200; ++round) {
    refcount::atomic pins;
    pins.acquire();
    pins.acquire();
    int page = 1;
    std::jthread reader{[&] {
      EXPECT_EQ(page, 1);
      EXPECT_FALSE(pins.release());
    }};
    while (!pins.unique()) std::this_thread::yield();
    page = 2;
    reader.join();
    EXPECT_TRUE(pins.release());
  }
}

}  // namespace
}  // namespace kvfolio::test
