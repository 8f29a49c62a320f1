// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include <dlfcn.h>

#include <kvfolio/vm/cuda_functions.hpp>

namespace kvfolio::vm {

/// The CUDA driver of this machine, found when the program runs: nothing is linked, and a program
/// that never asks for it needs none. Thread-safe; it stays loaded until the program ends.
class cuda_driver {
 public:
  /// Loads `library`, and initialises it. \throws std::runtime_error that says what to do
  explicit cuda_driver(const char* library = "libcuda.so.1")
      : library_{::dlopen(library, RTLD_NOW | RTLD_LOCAL)} {
    if (library_ == nullptr) {
      const char* const why =
          ::dlerror();  // NOLINT(concurrency-mt-unsafe): each thread has its own
      throw std::runtime_error("kvfolio: no CUDA driver: " + std::string{why} +
                               "; install NVIDIA's (nvidia-smi shows it), or let the container "
                               "have it, or use vm::linux_backend");
    }
    resolve();
    expect(call_.init(0), "cuInit");
  }

  /// The one of this machine. \throws std::runtime_error
  [[nodiscard]] static const cuda_driver& of_this_machine() {
    static const cuda_driver driver;
    return driver;
  }

  /// Its functions.
  [[nodiscard]] const cuda::functions* operator->() const noexcept { return &call_; }

  /// \throws std::runtime_error that names `call` unless `code` is success
  void expect(cuda::result_code code, const char* call) const {
    if (code == cuda::success) return;
    const char* name = nullptr;
    if (call_.get_error_name(code, &name) != cuda::success || name == nullptr) name = "no name";
    throw std::runtime_error("kvfolio: " + std::string{call} + " failed with error " +
                             std::to_string(code) + " (" + name + ")");
  }

 private:
  using get_address = cuda::result_code (*)(const char*, void**, int, std::uint64_t, int*);

  template <class Function>
  void find(Function& function, const char* name, const char* versioned) const {
    constexpr int version = 12'000;  // whose signatures are those above
    void* found = nullptr;
    if (get_address_ != nullptr &&
        get_address_(name, &found, version, 0, nullptr) != cuda::success) {
      found = nullptr;
    }
    if (found == nullptr) found = ::dlsym(library_, versioned);
    if (found == nullptr) {
      throw std::runtime_error("kvfolio: the CUDA driver has no " + std::string{versioned} +
                               "; it must be of version 10.2 or newer");
    }
    function = reinterpret_cast<Function>(found);
  }
  template <class Function>
  void find(Function& function, const char* name) const {
    find(function, name, name);
  }

  void resolve() {
    // Drivers before 12.0 have it not, or with other parameters.
    get_address_ = reinterpret_cast<get_address>(::dlsym(library_, "cuGetProcAddress_v2"));
    find(call_.init, "cuInit");
    find(call_.get_error_name, "cuGetErrorName");
    find(call_.device_get, "cuDeviceGet");
    find(call_.device_get_name, "cuDeviceGetName");
    find(call_.device_get_attribute, "cuDeviceGetAttribute");
    find(call_.device_total_mem, "cuDeviceTotalMem", "cuDeviceTotalMem_v2");
    find(call_.device_primary_ctx_retain, "cuDevicePrimaryCtxRetain");
    find(call_.device_primary_ctx_release, "cuDevicePrimaryCtxRelease",
         "cuDevicePrimaryCtxRelease_v2");
    find(call_.ctx_set_current, "cuCtxSetCurrent");
    find(call_.ctx_push_current, "cuCtxPushCurrent", "cuCtxPushCurrent_v2");
    find(call_.ctx_pop_current, "cuCtxPopCurrent", "cuCtxPopCurrent_v2");
    find(call_.mem_get_allocation_granularity, "cuMemGetAllocationGranularity");
    find(call_.mem_address_reserve, "cuMemAddressReserve");
    find(call_.mem_address_free, "cuMemAddressFree");
    find(call_.mem_create, "cuMemCreate");
    find(call_.mem_release, "cuMemRelease");
    find(call_.mem_map, "cuMemMap");
    find(call_.mem_set_access, "cuMemSetAccess");
    find(call_.mem_unmap, "cuMemUnmap");
    find(call_.mem_export, "cuMemExportToShareableHandle");
    find(call_.memcpy_d_to_d, "cuMemcpyDtoDAsync", "cuMemcpyDtoDAsync_v2");
    find(call_.memcpy_h_to_d, "cuMemcpyHtoDAsync", "cuMemcpyHtoDAsync_v2");
    find(call_.memcpy_d_to_h, "cuMemcpyDtoHAsync", "cuMemcpyDtoHAsync_v2");
    find(call_.memset_d8, "cuMemsetD8Async");
    find(call_.stream_create, "cuStreamCreate");
    find(call_.stream_destroy, "cuStreamDestroy", "cuStreamDestroy_v2");
    find(call_.stream_synchronize, "cuStreamSynchronize");
    find(call_.stream_wait_event, "cuStreamWaitEvent");
    find(call_.event_create, "cuEventCreate");
    find(call_.event_destroy, "cuEventDestroy", "cuEventDestroy_v2");
    find(call_.event_record, "cuEventRecord");
    find(call_.event_query, "cuEventQuery");
    find(call_.event_synchronize, "cuEventSynchronize");
  }

  void* library_;
  get_address get_address_ = nullptr;
  cuda::functions call_{};
};

}  // namespace kvfolio::vm
