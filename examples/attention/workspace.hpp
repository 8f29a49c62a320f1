// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace attention {

/// Memory for the numbers of one part of the work, aligned for vectors. Each thread has one, and
/// gets no more from the system once it has seen its largest part.
class workspace {
 public:
  /// This thread's, empty.
  [[nodiscard]] static workspace& of_this_thread() {
    thread_local workspace mine;
    mine.block_ = 0;
    mine.used_ = 0;
    return mine;
  }

  /// Returns room for `floats` numbers, of any value. Valid until the next `of_this_thread`.
  [[nodiscard]] float* take(std::size_t floats) {
    floats = (floats + alignment - 1) / alignment * alignment;
    while (block_ < blocks_.size() && used_ + floats > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const auto size = std::max(floats, usual_size);
      blocks_.push_back({size, storage{static_cast<float*>(
                                   ::operator new (size * sizeof(float), std::align_val_t{64}))}});
    }
    auto* const taken = blocks_[block_].numbers.get() + used_;
    used_ += floats;
    return taken;
  }
  /// The same, all 0.
  [[nodiscard]] float* take_zeros(std::size_t floats) {
    auto* const taken = take(floats);
    std::fill_n(taken, floats, 0.0F);
    return taken;
  }

 private:
  static constexpr std::size_t alignment = 16;          // floats of a cache line
  static constexpr std::size_t usual_size = 1U << 17U;  // half a MiB
  struct release {
    void operator()(float* numbers) const noexcept {
      ::operator delete (numbers, std::align_val_t{64});
    }
  };
  using storage = std::unique_ptr<float[], release>;
  struct block {
    std::size_t size;
    storage numbers;
  };

  std::vector<block> blocks_;
  std::size_t block_ = 0;  // that is in use
  std::size_t used_ = 0;   // of that one
};

/// Numbers that live as long as one step, in memory that the thread keeps for its next: what comes
/// fresh from the system costs a fault each 4 KiB, as much time as a short step.
class spare_numbers {
 public:
  spare_numbers() : mine_{std::move(kept())} {}
  spare_numbers(const spare_numbers&) = delete;
  spare_numbers(spare_numbers&&) = delete;
  spare_numbers& operator=(const spare_numbers&) = delete;
  spare_numbers& operator=(spare_numbers&&) = delete;
  ~spare_numbers() {
    if (mine_.size() > kept().size()) kept() = std::move(mine_);
  }

  /// Makes room for `count`, of any value.
  void resize(std::size_t count) {
    if (mine_.size() < count) mine_ = std::vector<float>(count);
  }
  [[nodiscard]] float* data() noexcept { return mine_.data(); }

 private:
  static std::vector<float>& kept() noexcept {
    thread_local std::vector<float> numbers;
    return numbers;
  }

  std::vector<float> mine_;
};

}  // namespace attention
