// SPDX-License-Identifier: Apache-2.0
#include "contest.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include <sys/resource.h>

#include <tbb/task_arena.h>

#include <attention/limits.hpp>
#include <support/progress.hpp>

namespace attention::bench {
namespace {

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of all threads of the process.
double processor_time() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

class turn_taker {
 public:
  turn_taker(const effort& how, std::size_t contenders) : how_{how}, calls_(contenders) {}

  sample take(const contender& who, std::size_t number, record& into) {
    // Spinning threads of whoever came before go to sleep first.
    std::this_thread::sleep_for(std::chrono::microseconds{1'500});
    const auto read = machine_.read_bandwidth();
    const auto compute = machine_.compute_peak();
    double best = 0;
    bool undisturbed = false;
    for (int attempt = 0; attempt < 4 && !undisturbed; ++attempt) {
      const auto processors = processor_time();
      const auto begin = wall();
      std::size_t calls = 0;
      do {
        who.run(calls_[number]++);
        ++calls;
      } while (wall() - begin < how_.seconds);
      const auto took = wall() - begin;
      undisturbed = processor_time() - processors >= 0.93 * how_.threads * took;
      const auto each = took / static_cast<double>(calls);
      best = attempt == 0 ? each : std::min(best, each);
    }
    if (!undisturbed) ++into.disturbed;
    return {.seconds = best,
            .read = (read + machine_.read_bandwidth()) / 2,
            .compute = (compute + machine_.compute_peak()) / 2};
  }

 private:
  effort how_;
  limits machine_;
  std::vector<std::size_t> calls_;  // by contender
};

}  // namespace

std::vector<record> compete(const std::vector<contender>& all, const effort& how) {
  std::vector<record> records(all.size());
  support::progress line{"turns", how.rounds * all.size()};
  tbb::task_arena arena{how.threads};
  arena.execute([&] {
    turn_taker turns{how, all.size()};
    for (std::size_t i = 0; i < all.size(); ++i) all[i].run(0);  // memory, once
    for (std::size_t round = 0; round < how.rounds; ++round) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        const auto number = (i + round * 7) % all.size();
        records[number].samples.push_back(turns.take(all[number], number, records[number]));
        line.at(round * all.size() + i);
      }
    }
  });
  return records;
}

}  // namespace attention::bench
