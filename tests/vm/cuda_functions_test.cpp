// SPDX-License-Identifier: Apache-2.0
//
// What was written down of NVIDIA's header is what is in it, where there is one to compare with.
#include <cstddef>
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/vm/cuda_functions.hpp>

#if __has_include(<cuda.h>)
#include <cuda.h>

namespace kvfolio::test {
namespace {

using namespace vm::cuda;  // NOLINT(google-build-using-namespace): all of it is compared

static_assert(std::is_same_v<device, CUdevice> && std::is_same_v<context, CUcontext> &&
              std::is_same_v<stream_handle, CUstream> && std::is_same_v<event_handle, CUevent> &&
              std::is_same_v<address, CUdeviceptr>);
static_assert(std::is_same_v<allocation, CUmemGenericAllocationHandle>);
static_assert(sizeof(result_code) == sizeof(CUresult));

static_assert(success == CUDA_SUCCESS && invalid_value == CUDA_ERROR_INVALID_VALUE &&
              out_of_memory == CUDA_ERROR_OUT_OF_MEMORY && not_ready == CUDA_ERROR_NOT_READY);
static_assert(has_virtual_memory == CU_DEVICE_ATTRIBUTE_VIRTUAL_ADDRESS_MANAGEMENT_SUPPORTED);
static_assert(non_blocking == CU_STREAM_NON_BLOCKING && without_timing == CU_EVENT_DISABLE_TIMING);
static_assert(minimum_granularity == CU_MEM_ALLOC_GRANULARITY_MINIMUM &&
              recommended_granularity == CU_MEM_ALLOC_GRANULARITY_RECOMMENDED);
static_assert(pinned == CU_MEM_ALLOCATION_TYPE_PINNED && on_device == CU_MEM_LOCATION_TYPE_DEVICE &&
              posix_file == CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR);
static_assert(CU_MEM_ACCESS_FLAGS_PROT_NONE == 0 && CU_MEM_ACCESS_FLAGS_PROT_READ == 1 &&
              CU_MEM_ACCESS_FLAGS_PROT_READWRITE == 3);

static_assert(sizeof(location) == sizeof(CUmemLocation) &&
              offsetof(location, id) == offsetof(CUmemLocation, id));
static_assert(sizeof(access_description) == sizeof(CUmemAccessDesc) &&
              offsetof(access_description, flags) == offsetof(CUmemAccessDesc, flags));
static_assert(sizeof(allocation_properties) == sizeof(CUmemAllocationProp) &&
              offsetof(allocation_properties, requested_handle_types) ==
                  offsetof(CUmemAllocationProp, requestedHandleTypes) &&
              offsetof(allocation_properties, where) == offsetof(CUmemAllocationProp, location) &&
              offsetof(allocation_properties, win32_metadata) ==
                  offsetof(CUmemAllocationProp, win32HandleMetaData) &&
              offsetof(allocation_properties, flags) == offsetof(CUmemAllocationProp, allocFlags));

// What a parameter is passed as: enumerations and pointers to structures differ in their names
// only.
template <class T>
struct passed {
  using type = T;
};
template <class T>
requires std::is_enum_v<T>
struct passed<T> {
  using type = int;
};
template <class T>
struct passed<T*> {
  using type = void*;
};
template <class One, class Other>
inline constexpr bool same_call = false;
template <class... One, class Result, class... Other>
inline constexpr bool same_call<result_code (*)(One...), Result (*)(Other...)> =
    (std::is_same_v<typename passed<One>::type, typename passed<Other>::type> && ...);

static_assert(same_call<decltype(functions::init), decltype(&cuInit)>);
static_assert(same_call<decltype(functions::get_error_name), decltype(&cuGetErrorName)>);
static_assert(same_call<decltype(functions::device_get), decltype(&cuDeviceGet)>);
static_assert(same_call<decltype(functions::device_get_name), decltype(&cuDeviceGetName)>);
static_assert(
    same_call<decltype(functions::device_get_attribute), decltype(&cuDeviceGetAttribute)>);
static_assert(same_call<decltype(functions::device_total_mem), decltype(&cuDeviceTotalMem)>);
static_assert(
    same_call<decltype(functions::device_primary_ctx_retain), decltype(&cuDevicePrimaryCtxRetain)>);
static_assert(same_call<decltype(functions::device_primary_ctx_release),
                        decltype(&cuDevicePrimaryCtxRelease)>);
static_assert(same_call<decltype(functions::ctx_set_current), decltype(&cuCtxSetCurrent)>);
static_assert(same_call<decltype(functions::ctx_push_current), decltype(&cuCtxPushCurrent)>);
static_assert(same_call<decltype(functions::ctx_pop_current), decltype(&cuCtxPopCurrent)>);
static_assert(same_call<decltype(functions::mem_get_allocation_granularity),
                        decltype(&cuMemGetAllocationGranularity)>);
static_assert(same_call<decltype(functions::mem_address_reserve), decltype(&cuMemAddressReserve)>);
static_assert(same_call<decltype(functions::mem_address_free), decltype(&cuMemAddressFree)>);
static_assert(same_call<decltype(functions::mem_create), decltype(&cuMemCreate)>);
static_assert(same_call<decltype(functions::mem_release), decltype(&cuMemRelease)>);
static_assert(same_call<decltype(functions::mem_map), decltype(&cuMemMap)>);
static_assert(same_call<decltype(functions::mem_set_access), decltype(&cuMemSetAccess)>);
static_assert(same_call<decltype(functions::mem_unmap), decltype(&cuMemUnmap)>);
static_assert(same_call<decltype(functions::mem_export), decltype(&cuMemExportToShareableHandle)>);
static_assert(same_call<decltype(functions::memcpy_d_to_d), decltype(&cuMemcpyDtoDAsync)>);
static_assert(same_call<decltype(functions::memcpy_h_to_d), decltype(&cuMemcpyHtoDAsync)>);
static_assert(same_call<decltype(functions::memcpy_d_to_h), decltype(&cuMemcpyDtoHAsync)>);
static_assert(same_call<decltype(functions::memset_d8), decltype(&cuMemsetD8Async)>);
static_assert(same_call<decltype(functions::stream_create), decltype(&cuStreamCreate)>);
static_assert(same_call<decltype(functions::stream_destroy), decltype(&cuStreamDestroy)>);
static_assert(same_call<decltype(functions::stream_synchronize), decltype(&cuStreamSynchronize)>);
static_assert(same_call<decltype(functions::stream_wait_event), decltype(&cuStreamWaitEvent)>);
static_assert(same_call<decltype(functions::event_create), decltype(&cuEventCreate)>);
static_assert(same_call<decltype(functions::event_destroy), decltype(&cuEventDestroy)>);
static_assert(same_call<decltype(functions::event_record), decltype(&cuEventRecord)>);
static_assert(same_call<decltype(functions::event_query), decltype(&cuEventQuery)>);
static_assert(same_call<decltype(functions::event_synchronize), decltype(&cuEventSynchronize)>);
static_assert(!same_call<decltype(functions::mem_unmap), decltype(&cuDeviceTotalMem)>);

TEST(cuda_functions, are_those_of_the_header) {
  RecordProperty("cuda_version", CUDA_VERSION);
}

}  // namespace
}  // namespace kvfolio::test
#else
TEST(cuda_functions, are_those_of_the_header) {
  GTEST_SKIP() << "there is no cuda.h here";
}
#endif
