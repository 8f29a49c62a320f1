// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <kvfolio/vm/cuda_driver.hpp>

namespace kvfolio::vm {

/// Owns an event of the CUDA driver: a place in a stream. Moving leaves none.
class cuda_event {
 public:
  /// Owns `handle`, which the driver with the functions `call` made.
  cuda_event(const cuda::functions& call, cuda::event_handle handle) noexcept
      : call_{&call}, handle_{handle} {}
  /// Takes the event of `other`.
  cuda_event(cuda_event&& other) noexcept
      : call_{other.call_}, handle_{std::exchange(other.handle_, nullptr)} {}
  /// Exchanges the events.
  cuda_event& operator=(cuda_event&& other) noexcept {
    std::swap(call_, other.call_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  cuda_event(const cuda_event&) = delete;
  cuda_event& operator=(const cuda_event&) = delete;
  ~cuda_event() {
    if (handle_ != nullptr) call_->event_destroy(handle_);
  }

  /// What the driver calls it; null if there is none.
  [[nodiscard]] cuda::event_handle handle() const noexcept { return handle_; }

 private:
  const cuda::functions* call_;
  cuda::event_handle handle_;
};

}  // namespace kvfolio::vm
