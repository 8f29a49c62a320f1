// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include <kvfolio/core/result.hpp>
#include <kvfolio/vm/cuda_driver.hpp>

namespace kvfolio::vm {

/// Keeps the primary context of a device, which the CUDA runtime and the usual frameworks use too.
/// Moving leaves none.
class cuda_device {
 public:
  /// Finds the device with that number. \throws std::runtime_error if there is none, or it has no
  /// virtual memory management
  cuda_device(const cuda_driver& driver, int number) : call_{driver.operator->()} {
    driver.expect(call_->device_get(&device_, number), "cuDeviceGet");
    int able = 0;
    driver.expect(call_->device_get_attribute(&able, cuda::has_virtual_memory, device_),
                  "cuDeviceGetAttribute");
    if (able == 0) {
      throw std::runtime_error("kvfolio: device " + std::to_string(number) +
                               " has no virtual memory management; use pages there");
    }
    driver.expect(call_->device_primary_ctx_retain(&context_, device_), "cuDevicePrimaryCtxRetain");
  }
  /// Takes over.
  cuda_device(cuda_device&& other) noexcept
      : call_{std::exchange(other.call_, nullptr)},
        device_{other.device_},
        context_{other.context_} {}
  /// Exchanges.
  cuda_device& operator=(cuda_device&& other) noexcept {
    std::swap(call_, other.call_);
    std::swap(device_, other.device_);
    std::swap(context_, other.context_);
    return *this;
  }
  cuda_device(const cuda_device&) = delete;
  cuda_device& operator=(const cuda_device&) = delete;
  ~cuda_device() {
    if (is_open()) call_->device_primary_ctx_release(device_);
  }

  /// Is there a device?
  [[nodiscard]] bool is_open() const noexcept { return call_ != nullptr; }
  /// The functions of its driver. Precondition: `is_open()`.
  [[nodiscard]] const cuda::functions& call() const noexcept { return *call_; }

  /// How many bytes of memory it has. \throws std::runtime_error
  [[nodiscard]] std::size_t total_memory(const cuda_driver& driver) const {
    std::size_t bytes = 0;
    driver.expect(call_->device_total_mem(&bytes, device_), "cuDeviceTotalMem");
    return bytes;
  }

  /// What its maker calls it. \throws std::runtime_error \throws std::bad_alloc
  [[nodiscard]] std::string name() const {
    std::array<char, 256> text{};
    if (call_->device_get_name(text.data(), text.size() - 1, device_) != cuda::success) {
      throw std::runtime_error("kvfolio: cuDeviceGetName failed");
    }
    return text.data();
  }

  /// Makes the context that of the calling thread.
  result<void> bind_thread() const noexcept {
    if (call_->ctx_set_current(context_) != cuda::success) return errc::device_failed;
    return {};
  }

  /// The context is that of the calling thread as long as this lives.
  class scope {
   public:
    /// Enters the context of `device`, which must outlive this.
    explicit scope(const cuda_device& device) noexcept
        : call_{device.call_},
          entered_{call_->ctx_push_current(device.context_) == cuda::success} {}
    scope(const scope&) = delete;
    scope(scope&&) = delete;
    scope& operator=(const scope&) = delete;
    scope& operator=(scope&&) = delete;
    ~scope() {
      cuda::context left = nullptr;
      if (entered_) call_->ctx_pop_current(&left);
    }

   private:
    const cuda::functions* call_;
    bool entered_;
  };

 private:
  const cuda::functions* call_;  // null where there is none
  cuda::device device_ = 0;
  cuda::context context_ = nullptr;
};

}  // namespace kvfolio::vm
