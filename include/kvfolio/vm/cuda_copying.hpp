// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <kvfolio/core/result.hpp>
#include <kvfolio/vm/cuda_device.hpp>
#include <kvfolio/vm/cuda_event.hpp>

namespace kvfolio::vm {

/// A stream of the engine (`CUstream`, `cudaStream_t`), or null for the backend's own.
struct cuda_stream {
  cuda::stream_handle handle = nullptr;  ///< the legacy stream is `CU_STREAM_LEGACY`, and not 0

  /// The same stream.
  friend bool operator==(const cuda_stream&, const cuda_stream&) = default;
};

/// The part of a `copying_vm_backend` that is about bytes, and a stream for it: a base class of
/// `cuda_backend`. Each is one call of the driver, which returns before the device has done it.
class cuda_copying {
 public:
  using stream = cuda_stream;  ///< the order in which things happen
  using event = cuda_event;    ///< to be destroyed before the backend

  cuda_copying(const cuda_copying&) = delete;
  cuda_copying& operator=(const cuda_copying&) = delete;
  cuda_copying& operator=(cuda_copying&&) = delete;

  /// Copies within the device.
  result<void> copy(std::uintptr_t to, std::uintptr_t from, std::size_t bytes,
                    stream on = {}) noexcept {
    return checked(call().memcpy_d_to_d(to, from, bytes, native(on)));
  }
  /// Copies from the host; in the background if its memory is pinned.
  result<void> write(std::uintptr_t to, std::span<const std::byte> from, stream on = {}) noexcept {
    return checked(call().memcpy_h_to_d(to, from.data(), from.size(), native(on)));
  }
  /// Copies to the host; in the background if its memory is pinned.
  result<void> read(std::span<std::byte> to, std::uintptr_t from, stream on = {}) noexcept {
    return checked(call().memcpy_d_to_h(to.data(), from, to.size(), native(on)));
  }
  /// Sets bytes.
  result<void> fill(std::uintptr_t at, std::size_t bytes, std::byte value,
                    stream on = {}) noexcept {
    return checked(call().memset_d8(at, std::to_integer<unsigned char>(value), bytes, native(on)));
  }

  /// Returns an event behind what the stream has been given.
  [[nodiscard]] result<event> record(stream on = {}) noexcept {
    cuda::event_handle made = nullptr;
    if (const auto code = call().event_create(&made, cuda::without_timing); code != cuda::success) {
      return code == cuda::out_of_memory ? errc::out_of_memory : errc::device_failed;
    }
    event behind{call(), made};
    if (const auto done = checked(call().event_record(made, native(on))); !done) {
      return done.error();
    }
    return behind;
  }
  /// Is the device done with what is before `behind`?
  [[nodiscard]] result<bool> reached(const event& behind) noexcept {
    const auto code = call().event_query(behind.handle());
    if (code == cuda::not_ready) return false;
    if (code != cuda::success) return errc::device_failed;
    return true;
  }
  /// Lets the host wait.
  result<void> wait(const event& behind) noexcept {
    return checked(call().event_synchronize(behind.handle()));
  }
  /// Lets a stream wait, and not the host.
  result<void> follow(stream on, const event& behind) noexcept {
    return checked(call().stream_wait_event(native(on), behind.handle(), 0));
  }

  /// Makes the device's context that of the calling thread.
  result<void> bind_thread() noexcept { return device_.bind_thread(); }

  /// The device.
  [[nodiscard]] const cuda_device& device() const noexcept { return device_; }

 protected:
  /// Makes a stream. \throws std::runtime_error
  cuda_copying(const cuda_driver& driver, int device) : device_{driver, device} {
    const cuda_device::scope now{device_};
    driver.expect(call().stream_create(&stream_, cuda::non_blocking), "cuStreamCreate");
  }
  /// Takes over the device and the stream.
  cuda_copying(cuda_copying&& other) noexcept
      : device_{std::move(other.device_)}, stream_{std::exchange(other.stream_, nullptr)} {}
  ~cuda_copying() {
    if (stream_ == nullptr) return;
    const cuda_device::scope now{device_};
    call().stream_destroy(stream_);
  }

  /// Exchanges device and stream with `other`.
  void swap(cuda_copying& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(stream_, other.stream_);
  }

  /// Lets the host wait for all that the backend's own stream was given.
  void finish() const noexcept { call().stream_synchronize(stream_); }

  /// The functions of the driver.
  [[nodiscard]] const cuda::functions& call() const noexcept { return device_.call(); }
  /// Success, or that the device failed.
  [[nodiscard]] static result<void> checked(cuda::result_code code) noexcept {
    if (code != cuda::success) return errc::device_failed;
    return {};
  }

 private:
  [[nodiscard]] cuda::stream_handle native(stream on) const noexcept {
    return on.handle == nullptr ? stream_ : on.handle;
  }

  cuda_device device_;
  cuda::stream_handle stream_ = nullptr;
};

}  // namespace kvfolio::vm
