// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

// What CUDA's own headers declare, so that their handles are ours.
struct CUctx_st;
struct CUstream_st;
struct CUevent_st;

/// The part of NVIDIA's `cuda.h` that we use, written down so that neither header nor library is
/// needed to build. A test compares it with the header where there is one.
namespace kvfolio::vm::cuda {

using result_code = int;                ///< `CUresult`
using device = int;                     ///< `CUdevice`
using address = unsigned long long;     ///< `CUdeviceptr`
using allocation = unsigned long long;  ///< `CUmemGenericAllocationHandle`
using context = ::CUctx_st*;            ///< `CUcontext`
using stream_handle = ::CUstream_st*;   ///< `CUstream`
using event_handle = ::CUevent_st*;     ///< `CUevent`

inline constexpr result_code success = 0;        ///< `CUDA_SUCCESS`
inline constexpr result_code invalid_value = 1;  ///< `CUDA_ERROR_INVALID_VALUE`
inline constexpr result_code out_of_memory = 2;  ///< `CUDA_ERROR_OUT_OF_MEMORY`
inline constexpr result_code not_ready = 600;    ///< `CUDA_ERROR_NOT_READY`

inline constexpr int has_virtual_memory = 102;     ///< an attribute of devices
inline constexpr unsigned non_blocking = 1;        ///< `CU_STREAM_NON_BLOCKING`
inline constexpr unsigned without_timing = 2;      ///< `CU_EVENT_DISABLE_TIMING`
inline constexpr int minimum_granularity = 0;      ///< `CU_MEM_ALLOC_GRANULARITY_MINIMUM`
inline constexpr int recommended_granularity = 1;  ///< `CU_MEM_ALLOC_GRANULARITY_RECOMMENDED`
inline constexpr int pinned = 1;                   ///< `CU_MEM_ALLOCATION_TYPE_PINNED`
inline constexpr int on_device = 1;                ///< `CU_MEM_LOCATION_TYPE_DEVICE`
inline constexpr int posix_file = 1;               ///< `CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR`

/// `CUmemLocation`
struct location {
  int type;  ///< `CUmemLocationType`
  int id;    ///< number of the device
};

/// `CUmemAllocationProp`
struct allocation_properties {
  int type;                    ///< `CUmemAllocationType`
  int requested_handle_types;  ///< `CUmemAllocationHandleType`
  location where;              ///< whose memory
  void* win32_metadata;        ///< null
  struct {
    unsigned char compression;   ///< none
    unsigned char rdma_capable;  ///< no
    unsigned short usage;        ///< none
    // NOLINTNEXTLINE(*-avoid-c-arrays): its layout is theirs
    unsigned char reserved[4];  ///< zero
  } flags;                      ///< none
};

/// `CUmemAccessDesc`
struct access_description {
  location where;  ///< who may
  int flags;       ///< what: 0 nothing, 1 read, 3 read and write
};

/// The functions, as a driver since 12.0 or the header's own names have them.
struct functions {
  /// `cuInit`
  result_code (*init)(unsigned);
  /// `cuGetErrorName`
  result_code (*get_error_name)(result_code, const char**);
  /// `cuDeviceGet`
  result_code (*device_get)(device*, int);
  /// `cuDeviceGetName`
  result_code (*device_get_name)(char*, int, device);
  /// `cuDeviceGetAttribute`
  result_code (*device_get_attribute)(int*, int, device);
  /// `cuDeviceTotalMem`
  result_code (*device_total_mem)(std::size_t*, device);
  /// `cuDevicePrimaryCtxRetain`
  result_code (*device_primary_ctx_retain)(context*, device);
  /// `cuDevicePrimaryCtxRelease`
  result_code (*device_primary_ctx_release)(device);
  /// `cuCtxSetCurrent`
  result_code (*ctx_set_current)(context);
  /// `cuCtxPushCurrent`
  result_code (*ctx_push_current)(context);
  /// `cuCtxPopCurrent`
  result_code (*ctx_pop_current)(context*);
  /// `cuMemGetAllocationGranularity`
  result_code (*mem_get_allocation_granularity)(std::size_t*, const allocation_properties*, int);
  /// `cuMemAddressReserve`
  result_code (*mem_address_reserve)(address*, std::size_t, std::size_t, address,
                                     unsigned long long);
  /// `cuMemAddressFree`
  result_code (*mem_address_free)(address, std::size_t);
  /// `cuMemCreate`
  result_code (*mem_create)(allocation*, std::size_t, const allocation_properties*,
                            unsigned long long);
  /// `cuMemRelease`
  result_code (*mem_release)(allocation);
  /// `cuMemMap`
  result_code (*mem_map)(address, std::size_t, std::size_t, allocation, unsigned long long);
  /// `cuMemSetAccess`
  result_code (*mem_set_access)(address, std::size_t, const access_description*, std::size_t);
  /// `cuMemUnmap`
  result_code (*mem_unmap)(address, std::size_t);
  /// `cuMemExportToShareableHandle`
  result_code (*mem_export)(void*, allocation, int, unsigned long long);
  /// `cuMemcpyDtoDAsync`
  result_code (*memcpy_d_to_d)(address, address, std::size_t, stream_handle);
  /// `cuMemcpyHtoDAsync`
  result_code (*memcpy_h_to_d)(address, const void*, std::size_t, stream_handle);
  /// `cuMemcpyDtoHAsync`
  result_code (*memcpy_d_to_h)(void*, address, std::size_t, stream_handle);
  /// `cuMemsetD8Async`
  result_code (*memset_d8)(address, unsigned char, std::size_t, stream_handle);
  /// `cuStreamCreate`
  result_code (*stream_create)(stream_handle*, unsigned);
  /// `cuStreamDestroy`
  result_code (*stream_destroy)(stream_handle);
  /// `cuStreamSynchronize`
  result_code (*stream_synchronize)(stream_handle);
  /// `cuStreamWaitEvent`
  result_code (*stream_wait_event)(stream_handle, event_handle, unsigned);
  /// `cuEventCreate`
  result_code (*event_create)(event_handle*, unsigned);
  /// `cuEventDestroy`
  result_code (*event_destroy)(event_handle);
  /// `cuEventRecord`
  result_code (*event_record)(event_handle, stream_handle);
  /// `cuEventQuery`
  result_code (*event_query)(event_handle);
  /// `cuEventSynchronize`
  result_code (*event_synchronize)(event_handle);
};

}  // namespace kvfolio::vm::cuda
