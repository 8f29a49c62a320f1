// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <kvfolio/partition/thread_communicator.hpp>

namespace sharded {

/// Returns whether `run(ranks)` is true on each of `count` ranks, which are threads.
template <class Run>
bool on_threads(std::uint32_t count, const Run& run) {
  kvfolio::partition::thread_ranks all{count};
  std::atomic<bool> good{true};
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t rank = 0; rank < count; ++rank) {
      threads.emplace_back([&, rank] {
        kvfolio::partition::thread_communicator mine{all, rank};
        if (!run(mine)) good = false;
      });
    }
  }
  return good;
}

}  // namespace sharded
