// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <kvfolio/core/math.hpp>
#include <kvfolio/memory/mapped.hpp>

#include <attention/kernels.hpp>

namespace attention {

/// Measures what the machine can do at most, on the threads of the arena that it is called in: the
/// roofline (Williams, Waterman, Patterson, CACM 2009) that attention is held to.
class limits {
 public:
  /// Allocates `bytes` to read, more than caches hold. \throws std::bad_alloc
  explicit limits(std::size_t bytes = std::size_t{64} << 20U, const kernels& all = best_kernels())
      : all_{&all}, bytes_{kv::ceil_div(bytes, piece) * piece} {
    memory_ = kv::memory::mapped{}.allocate(bytes_).value();
    std::fill(memory_.begin(), memory_.end(), std::byte{1});
  }
  limits(const limits&) = delete;
  limits(limits&&) = delete;
  limits& operator=(const limits&) = delete;
  limits& operator=(limits&&) = delete;
  ~limits() { kv::memory::mapped{}.deallocate(memory_); }

  /// Bytes a second that can be read, by reading all once.
  [[nodiscard]] double read_bandwidth() {
    const auto seconds = run(bytes_ / piece, [this](std::size_t number) {
      return all_->read(memory_.data() + number * piece, piece);
    });
    return static_cast<double>(bytes_) / seconds;
  }

  /// Floating-point operations a second, by `count` bursts of about 0.1 ms each.
  [[nodiscard]] double compute_peak(std::size_t count = 16) {
    constexpr std::size_t burst = 25'000;
    const auto seconds = run(count, [this](std::size_t number) {
      return all_->compute(burst, static_cast<float>(number));
    });
    return static_cast<double>(count * burst * all_->limit_flops()) / seconds;
  }

 private:
  static constexpr std::size_t piece = std::size_t{1} << 20U;

  template <class Work>
  double run(std::size_t count, Work work) {
    const auto begin = std::chrono::steady_clock::now();
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>{0, count},
        [&](const tbb::blocked_range<std::size_t>& some) {
          float sum = 0;
          for (auto each = some.begin(); each != some.end(); ++each) sum += work(each);
          sum_.store(sum, std::memory_order_relaxed);  // so that nobody leaves it out
        },
        tbb::simple_partitioner{});
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  const kernels* all_;
  std::size_t bytes_;
  std::span<std::byte> memory_;
  std::atomic<float> sum_{0};
};

}  // namespace attention
