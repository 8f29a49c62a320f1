// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

#include <kvfolio/vm/extension.hpp>

namespace kvfolio::test {

/// Work for extensions that maps nothing, but notes what it was asked for, and dies if it is asked
/// for two things at once.
class growing_rows {
 public:
  growing_rows(std::uint32_t slots, std::uint32_t most) : rows_(slots), most_{most} {}

  [[nodiscard]] result<void> extend(std::uint32_t slot) noexcept {
    const alone here{busy_};
    if (delay_.count() != 0) std::this_thread::sleep_for(delay_);
    if (rows_left_ == 0) return errc::out_of_pages;
    if (rows_[slot] == most_) return errc::out_of_range;
    --rows_left_;
    ++rows_[slot];
    order_.push_back(slot);
    return {};
  }
  [[nodiscard]] bool prepare() noexcept {
    const alone here{busy_};
    if (to_prepare_ == 0) return false;
    --to_prepare_;
    return true;
  }
  [[nodiscard]] result<void> bind_thread() noexcept {
    bound_.fetch_add(1);
    if (refuses_threads_) return errc::device_failed;
    return {};
  }

  std::vector<std::uint32_t> rows_;  // by slot
  std::uint32_t most_;               // rows of a slot
  std::size_t rows_left_ = SIZE_MAX;
  std::size_t to_prepare_ = 0;
  std::vector<std::uint32_t> order_;  // slots in which rows were mapped
  std::chrono::microseconds delay_{0};
  std::atomic<int> bound_{0};
  bool refuses_threads_ = false;

 private:
  struct alone {
    explicit alone(std::atomic<bool>& flag) noexcept : flag_{flag} {
      if (flag_.exchange(true)) std::terminate();
    }
    alone(const alone&) = delete;
    alone& operator=(const alone&) = delete;
    ~alone() { flag_ = false; }
    std::atomic<bool>& flag_;
  };
  std::atomic<bool> busy_{false};
};

static_assert(extension_work<growing_rows>);

}  // namespace kvfolio::test
