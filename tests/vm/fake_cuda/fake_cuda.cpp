// SPDX-License-Identifier: Apache-2.0
//
// A CUDA driver without a device: the functions that kvfolio uses, on files in memory, with the
// rules of the driver's documentation enforced more strictly than any driver does. Its declarations
// are its own, so that a mistake in kvfolio's cannot hide here. What a stream is given runs as late
// as possible: when somebody waits, or asks for the second time.
#include "fake_cuda.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

enum : int {
  success = 0,
  invalid_value = 1,
  out_of_memory = 2,
  not_initialized = 3,
  invalid_device = 101,
  invalid_context = 201,
  invalid_handle = 400,
  not_found = 500,
  not_ready = 600,
  illegal_address = 700,
};

using device_address = unsigned long long;
constexpr std::size_t granularity = 2U << 20U;

struct location {
  int type;
  int id;
};
struct allocation_properties {
  int type;
  int handle_types;
  location where;
  void* win32;
  unsigned char flags[8];
};
struct access_description {
  location where;
  int flags;
};

struct allocation {
  int file;
  std::size_t bytes;
  std::size_t mappings = 0;
  bool named = true;
  bool exportable = false;
};
struct mapping {
  unsigned long long allocation;
  std::size_t bytes;
  int access = 0;
};
struct event {
  std::size_t polls = 0;
  bool recorded = false;
  std::shared_ptr<bool> reached = std::make_shared<bool>(true);
  struct stream* in = nullptr;
};
// What a stream has still to do. Addresses are those that must stay mapped until then.
struct operation {
  std::function<int()> run;
  std::vector<std::pair<device_address, std::size_t>> addresses;
};
struct stream {
  std::vector<operation> waiting;
};

struct driver {
  bool initialized = false;
  int failed = success;  // whatever has gone wrong on the device comes back from every call
  std::size_t calls = 0;
  std::size_t failing_call = SIZE_MAX;
  int failing_call_code = success;
  std::map<std::string, int> failing_functions;
  std::size_t total_memory = 64 * granularity;
  std::size_t used_memory = 0;
  bool taken_by_others = false;
  int virtual_memory = 1;
  std::size_t contexts = 0;
  unsigned long long next_allocation = 0x7000;
  std::map<device_address, std::size_t> ranges;
  std::map<unsigned long long, allocation> allocations;
  std::map<device_address, mapping> mappings;
  std::map<stream*, std::unique_ptr<stream>> streams;
  std::map<event*, std::unique_ptr<event>> events;
};

std::recursive_mutex mutex;
driver state;
char the_context;
thread_local std::vector<void*> contexts_of_thread;

// Begins a call: counts it, and says whether it may go on.
int begin(const char* name, bool needs_context = true) {
  const auto number = state.calls++;
  if (number == state.failing_call) return state.failing_call_code;
  const auto found = state.failing_functions.find(name);
  if (found != state.failing_functions.end()) return found->second;
  if (!state.initialized) return not_initialized;
  if (state.failed != success) return state.failed;
  if (needs_context && (contexts_of_thread.empty() || contexts_of_thread.back() == nullptr)) {
    return invalid_context;
  }
  return success;
}

#define FAKE_CUDA_BEGIN(...)         \
  const std::lock_guard lock{mutex}; \
  if (const int code = begin(__VA_ARGS__); code != success) return code

void* host(device_address at) {
  return reinterpret_cast<void*>(at);
}

bool is_reserved(device_address at, std::size_t bytes) {
  auto found = state.ranges.upper_bound(at);
  if (found == state.ranges.begin()) return false;
  --found;
  return at >= found->first && bytes <= found->second && at - found->first <= found->second - bytes;
}

bool is_unmapped(device_address at, std::size_t bytes) {
  auto after = state.mappings.lower_bound(at + bytes);
  if (after == state.mappings.begin()) return true;
  --after;
  return after->first + after->second.bytes <= at;
}

// May the device do this there, in one mapping or in several side by side?
bool is_allowed(device_address at, std::size_t bytes, int access) {
  if (bytes == 0) return true;
  auto found = state.mappings.upper_bound(at);
  if (found == state.mappings.begin()) return false;
  --found;
  for (const auto end = at + bytes; at < end; ++found) {
    if (found == state.mappings.end() || found->first > at) return false;
    if (found->first + found->second.bytes <= at) return false;
    if ((found->second.access & access) != access) return false;
    at = found->first + found->second.bytes;
  }
  return true;
}

bool is_waited_for(device_address at, std::size_t bytes) {
  for (const auto& [pointer, each] : state.streams) {
    for (const auto& one : each->waiting) {
      for (const auto& [first, size] : one.addresses) {
        if (first < at + bytes && first + size > at) return true;
      }
    }
  }
  return false;
}

void free_if_gone(unsigned long long number) {
  const auto& one = state.allocations.at(number);
  if (one.named || one.mappings > 0) return;
  ::close(one.file);
  state.used_memory -= one.bytes;
  state.allocations.erase(number);
}

// Runs what a stream was given, until `reached` or to the end.
int run(stream& on, const std::shared_ptr<bool>& reached) {
  while (!on.waiting.empty() && (reached == nullptr || !*reached)) {
    const auto next = on.waiting.front();
    on.waiting.erase(on.waiting.begin());
    if (const int code = next.run(); code != success) return state.failed = code;
  }
  return state.failed;
}

int enqueue(stream* on, operation what) {
  if (!state.streams.contains(on)) return invalid_handle;
  on->waiting.push_back(std::move(what));
  return success;
}

}  // namespace

extern "C" {

int cuInit(unsigned flags) {
  const std::lock_guard lock{mutex};
  state.initialized = true;
  if (const int code = begin("cuInit", false); code != success) return code;
  return flags == 0 ? success : invalid_value;
}

int cuGetErrorName(int code, const char** name) {
  static const std::map<int, const char*> names{{invalid_value, "CUDA_ERROR_INVALID_VALUE"},
                                                {out_of_memory, "CUDA_ERROR_OUT_OF_MEMORY"},
                                                {100, "CUDA_ERROR_NO_DEVICE"},
                                                {invalid_device, "CUDA_ERROR_INVALID_DEVICE"},
                                                {invalid_context, "CUDA_ERROR_INVALID_CONTEXT"},
                                                {not_ready, "CUDA_ERROR_NOT_READY"}};
  const auto found = names.find(code);
  *name = found == names.end() ? nullptr : found->second;
  return found == names.end() ? invalid_value : success;
}

int cuDeviceGet(int* device, int number) {
  FAKE_CUDA_BEGIN("cuDeviceGet", false);
  *device = number + 10;  // a device is not its number
  return number == 0 ? success : invalid_device;
}

int cuDeviceGetName(char* name, int length, int device) {
  FAKE_CUDA_BEGIN("cuDeviceGetName", false);
  if (device != 10) return invalid_device;
  std::snprintf(name, static_cast<std::size_t>(length), "Fake device without a GPU");
  return success;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
  FAKE_CUDA_BEGIN("cuDeviceGetAttribute", false);
  if (device != 10 || attribute != 102) return invalid_value;
  *value = state.virtual_memory;
  return success;
}

int cuDeviceTotalMem_v2(std::size_t* bytes, int device) {
  FAKE_CUDA_BEGIN("cuDeviceTotalMem", false);
  if (device != 10) return invalid_device;
  *bytes = state.total_memory;
  return success;
}

int cuDevicePrimaryCtxRetain(void** context, int device) {
  FAKE_CUDA_BEGIN("cuDevicePrimaryCtxRetain", false);
  if (device != 10) return invalid_device;
  ++state.contexts;
  *context = &the_context;
  return success;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
  FAKE_CUDA_BEGIN("cuDevicePrimaryCtxRelease", false);
  if (device != 10 || state.contexts == 0) return invalid_value;
  --state.contexts;
  return success;
}

int cuCtxSetCurrent(void* context) {
  FAKE_CUDA_BEGIN("cuCtxSetCurrent", false);
  if (state.contexts == 0) return invalid_context;
  if (contexts_of_thread.empty()) contexts_of_thread.push_back(nullptr);
  contexts_of_thread.back() = context;
  return success;
}

int cuCtxPushCurrent_v2(void* context) {
  FAKE_CUDA_BEGIN("cuCtxPushCurrent", false);
  if (state.contexts == 0 || context != &the_context) return invalid_context;
  contexts_of_thread.push_back(context);
  return success;
}

int cuCtxPopCurrent_v2(void** context) {
  FAKE_CUDA_BEGIN("cuCtxPopCurrent");
  *context = contexts_of_thread.back();
  contexts_of_thread.pop_back();
  return success;
}

int cuMemGetAllocationGranularity(std::size_t* bytes, const allocation_properties* properties,
                                  int which) {
  FAKE_CUDA_BEGIN("cuMemGetAllocationGranularity", false);
  if (properties->type != 1 || properties->where.type != 1 || which < 0 || which > 1) {
    return invalid_value;
  }
  *bytes = granularity;
  return success;
}

int cuMemAddressReserve(device_address* first, std::size_t bytes, std::size_t alignment,
                        device_address hint, unsigned long long flags) {
  FAKE_CUDA_BEGIN("cuMemAddressReserve");
  if (bytes == 0 || bytes % 4096 != 0 || (alignment & (alignment - 1)) != 0 || hint != 0 ||
      flags != 0) {
    return invalid_value;
  }
  if (alignment < granularity) alignment = granularity;
  if (bytes > (1UL << 46U)) return out_of_memory;
  void* const room = ::mmap(nullptr, bytes + alignment, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return out_of_memory;
  const auto begin_of_room = reinterpret_cast<device_address>(room);
  *first = (begin_of_room + alignment - 1) / alignment * alignment;
  if (*first > begin_of_room) ::munmap(room, *first - begin_of_room);
  ::munmap(host(*first + bytes), begin_of_room + alignment - *first);
  state.ranges.emplace(*first, bytes);
  return success;
}

int cuMemAddressFree(device_address first, std::size_t bytes) {
  FAKE_CUDA_BEGIN("cuMemAddressFree");
  const auto found = state.ranges.find(first);
  if (found == state.ranges.end() || found->second != bytes) return invalid_value;
  if (!is_unmapped(first, bytes)) return invalid_value;
  ::munmap(host(first), bytes);
  state.ranges.erase(found);
  return success;
}

int cuMemCreate(unsigned long long* made, std::size_t bytes,
                const allocation_properties* properties, unsigned long long flags) {
  FAKE_CUDA_BEGIN("cuMemCreate");
  if (bytes == 0 || bytes % granularity != 0 || flags != 0) return invalid_value;
  if (properties->type != 1 || properties->where.type != 1 || properties->win32 != nullptr) {
    return invalid_value;
  }
  if (properties->where.id != 0) return invalid_device;
  for (const auto each : properties->flags) {
    if (each != 0) return invalid_value;
  }
  if (state.taken_by_others || bytes > state.total_memory - state.used_memory) {
    return out_of_memory;
  }
  const int file = ::memfd_create("fake_cuda", MFD_CLOEXEC);
  if (file < 0 || ::ftruncate(file, static_cast<off_t>(bytes)) != 0) return out_of_memory;
  *made = state.next_allocation++;
  state.allocations.emplace(*made, allocation{file, bytes, 0, true, properties->handle_types == 1});
  state.used_memory += bytes;
  // What is new holds anything but zeros.
  void* const all = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (all != MAP_FAILED) {
    for (std::size_t at = 0; at < bytes; at += 65'536) static_cast<char*>(all)[at] = '\xA5';
    ::munmap(all, bytes);
  }
  return success;
}

int cuMemRelease(unsigned long long number) {
  FAKE_CUDA_BEGIN("cuMemRelease");
  const auto found = state.allocations.find(number);
  if (found == state.allocations.end() || !found->second.named) return invalid_value;
  found->second.named = false;
  free_if_gone(number);
  return success;
}

int cuMemMap(device_address at, std::size_t bytes, std::size_t offset, unsigned long long number,
             unsigned long long flags) {
  FAKE_CUDA_BEGIN("cuMemMap");
  const auto found = state.allocations.find(number);
  if (found == state.allocations.end() || !found->second.named) return invalid_value;
  if (offset != 0 || flags != 0 || bytes != found->second.bytes || at % granularity != 0) {
    return invalid_value;
  }
  if (!is_reserved(at, bytes) || !is_unmapped(at, bytes)) return invalid_value;
  if (::mmap(host(at), bytes, PROT_NONE, MAP_SHARED | MAP_FIXED, found->second.file, 0) ==
      MAP_FAILED) {
    return out_of_memory;
  }
  ++found->second.mappings;
  state.mappings.emplace(at, mapping{number, bytes});
  return success;
}

int cuMemSetAccess(device_address at, std::size_t bytes, const access_description* who,
                   std::size_t count) {
  FAKE_CUDA_BEGIN("cuMemSetAccess");
  if (count != 1 || who->where.type != 1 || who->where.id != 0) return invalid_value;
  if (who->flags != 0 && who->flags != 1 && who->flags != 3) return invalid_value;
  const auto end = at + bytes;
  auto each = state.mappings.find(at);
  for (auto next = at; next < end; ++each) {
    if (each == state.mappings.end() || each->first != next) return invalid_value;
    next += each->second.bytes;
    if (next > end) return invalid_value;
  }
  if (is_waited_for(at, bytes)) return state.failed = illegal_address;
  const int protection = who->flags == 0   ? PROT_NONE
                         : who->flags == 1 ? PROT_READ
                                           : PROT_READ | PROT_WRITE;
  if (::mprotect(host(at), bytes, protection) != 0) return out_of_memory;
  for (each = state.mappings.find(at); each != state.mappings.end() && each->first < end; ++each) {
    each->second.access = who->flags;
  }
  return success;
}

int cuMemUnmap(device_address at, std::size_t bytes) {
  FAKE_CUDA_BEGIN("cuMemUnmap");
  const auto found = state.mappings.find(at);
  if (found == state.mappings.end() || found->second.bytes != bytes) return invalid_value;
  if (is_waited_for(at, bytes)) return state.failed = illegal_address;
  ::mmap(host(at), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
         0);
  const auto number = found->second.allocation;
  state.mappings.erase(found);
  --state.allocations.at(number).mappings;
  free_if_gone(number);
  return success;
}

int cuMemExportToShareableHandle(void* file, unsigned long long number, int type,
                                 unsigned long long flags) {
  FAKE_CUDA_BEGIN("cuMemExportToShareableHandle");
  const auto found = state.allocations.find(number);
  if (found == state.allocations.end() || !found->second.named || !found->second.exportable ||
      type != 1 || flags != 0) {
    return invalid_value;
  }
  const int copy = ::fcntl(found->second.file, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return out_of_memory;
  std::memcpy(file, &copy, sizeof(copy));
  return success;
}

int cuMemcpyDtoDAsync_v2(device_address to, device_address from, std::size_t bytes, stream* on) {
  FAKE_CUDA_BEGIN("cuMemcpyDtoDAsync");
  return enqueue(on, {[=] {
                        if (!is_allowed(from, bytes, 1) || !is_allowed(to, bytes, 3)) {
                          return static_cast<int>(illegal_address);
                        }
                        std::memcpy(host(to), host(from), bytes);
                        return static_cast<int>(success);
                      },
                      {{to, bytes}, {from, bytes}}});
}

int cuMemcpyHtoDAsync_v2(device_address to, const void* from, std::size_t bytes, stream* on) {
  FAKE_CUDA_BEGIN("cuMemcpyHtoDAsync");
  return enqueue(on, {[=] {
                        if (!is_allowed(to, bytes, 3)) return static_cast<int>(illegal_address);
                        std::memcpy(host(to), from, bytes);
                        return static_cast<int>(success);
                      },
                      {{to, bytes}}});
}

int cuMemcpyDtoHAsync_v2(void* to, device_address from, std::size_t bytes, stream* on) {
  FAKE_CUDA_BEGIN("cuMemcpyDtoHAsync");
  return enqueue(on, {[=] {
                        if (!is_allowed(from, bytes, 1)) return static_cast<int>(illegal_address);
                        std::memcpy(to, host(from), bytes);
                        return static_cast<int>(success);
                      },
                      {{from, bytes}}});
}

int cuMemsetD8Async(device_address at, unsigned char value, std::size_t bytes, stream* on) {
  FAKE_CUDA_BEGIN("cuMemsetD8Async");
  return enqueue(on, {[=] {
                        if (!is_allowed(at, bytes, 3)) return static_cast<int>(illegal_address);
                        std::memset(host(at), value, bytes);
                        return static_cast<int>(success);
                      },
                      {{at, bytes}}});
}

int cuStreamCreate(stream** made, unsigned flags) {
  FAKE_CUDA_BEGIN("cuStreamCreate");
  if (flags > 1) return invalid_value;
  auto one = std::make_unique<stream>();
  *made = one.get();
  state.streams.emplace(*made, std::move(one));
  return success;
}

int cuStreamDestroy_v2(stream* on) {
  FAKE_CUDA_BEGIN("cuStreamDestroy");
  if (!state.streams.contains(on)) return invalid_handle;
  const int code = run(*on, nullptr);
  state.streams.erase(on);
  return code;
}

int cuStreamSynchronize(stream* on) {
  FAKE_CUDA_BEGIN("cuStreamSynchronize");
  return state.streams.contains(on) ? run(*on, nullptr) : invalid_handle;
}

int cuEventCreate(event** made, unsigned flags) {
  FAKE_CUDA_BEGIN("cuEventCreate");
  if (flags != 2) return invalid_value;
  auto one = std::make_unique<event>();
  *made = one.get();
  state.events.emplace(*made, std::move(one));
  return success;
}

int cuEventDestroy_v2(event* one) {
  const std::lock_guard lock{mutex};  // never made to fail: nobody could do anything about it
  return state.events.erase(one) == 1 ? success : invalid_handle;
}

int cuEventRecord(event* one, stream* on) {
  FAKE_CUDA_BEGIN("cuEventRecord");
  if (!state.events.contains(one) || !state.streams.contains(on)) return invalid_handle;
  one->reached = std::make_shared<bool>(false);
  one->polls = 0;
  one->in = on;
  return enqueue(on, {[reached = one->reached] {
                        *reached = true;
                        return static_cast<int>(success);
                      },
                      {}});
}

int cuStreamWaitEvent(stream* on, event* one, unsigned flags) {
  FAKE_CUDA_BEGIN("cuStreamWaitEvent");
  if (!state.events.contains(one) || flags != 0) return invalid_handle;
  return enqueue(on, {[reached = one->reached, in = one->in] {
                        if (*reached || in == nullptr || !state.streams.contains(in)) {
                          return static_cast<int>(success);
                        }
                        return run(*in, reached);
                      },
                      {}});
}

int cuEventQuery(event* one) {
  FAKE_CUDA_BEGIN("cuEventQuery");
  if (!state.events.contains(one)) return invalid_handle;
  if (*one->reached) return success;
  if (one->polls++ == 0) return not_ready;
  return run(*one->in, one->reached);
}

int cuEventSynchronize(event* one) {
  FAKE_CUDA_BEGIN("cuEventSynchronize");
  if (!state.events.contains(one)) return invalid_handle;
  return *one->reached ? state.failed : run(*one->in, one->reached);
}

#ifndef FAKE_CUDA_OLD
int cuGetProcAddress_v2(const char* symbol, void** found, int version, std::uint64_t flags,
                        int* status) {
  // As a driver does: by the name without a version, those functions that were there in it.
  static const std::map<std::string, void*> functions{
#define FAKE_CUDA_FUNCTION(name) {#name, reinterpret_cast<void*>(&name)}
#define FAKE_CUDA_VERSIONED(name) \
  { #name, reinterpret_cast < void*>(&name##_v2) }
      FAKE_CUDA_FUNCTION(cuInit),
      FAKE_CUDA_FUNCTION(cuGetErrorName),
      FAKE_CUDA_FUNCTION(cuDeviceGet),
      FAKE_CUDA_FUNCTION(cuDeviceGetName),
      FAKE_CUDA_FUNCTION(cuDeviceGetAttribute),
      FAKE_CUDA_VERSIONED(cuDeviceTotalMem),
      FAKE_CUDA_FUNCTION(cuDevicePrimaryCtxRetain),
      FAKE_CUDA_VERSIONED(cuDevicePrimaryCtxRelease),
      FAKE_CUDA_FUNCTION(cuCtxSetCurrent),
      FAKE_CUDA_VERSIONED(cuCtxPushCurrent),
      FAKE_CUDA_VERSIONED(cuCtxPopCurrent),
      FAKE_CUDA_FUNCTION(cuMemGetAllocationGranularity),
      FAKE_CUDA_FUNCTION(cuMemAddressReserve),
      FAKE_CUDA_FUNCTION(cuMemAddressFree),
      FAKE_CUDA_FUNCTION(cuMemCreate),
      FAKE_CUDA_FUNCTION(cuMemRelease),
      FAKE_CUDA_FUNCTION(cuMemMap),
      FAKE_CUDA_FUNCTION(cuMemSetAccess),
      FAKE_CUDA_FUNCTION(cuMemUnmap),
      FAKE_CUDA_FUNCTION(cuMemExportToShareableHandle),
      FAKE_CUDA_VERSIONED(cuMemcpyDtoDAsync),
      FAKE_CUDA_VERSIONED(cuMemcpyHtoDAsync),
      FAKE_CUDA_VERSIONED(cuMemcpyDtoHAsync),
      FAKE_CUDA_FUNCTION(cuMemsetD8Async),
      FAKE_CUDA_FUNCTION(cuStreamCreate),
      FAKE_CUDA_VERSIONED(cuStreamDestroy),
      FAKE_CUDA_FUNCTION(cuStreamSynchronize),
      FAKE_CUDA_FUNCTION(cuStreamWaitEvent),
      FAKE_CUDA_FUNCTION(cuEventCreate),
      FAKE_CUDA_VERSIONED(cuEventDestroy),
      FAKE_CUDA_FUNCTION(cuEventRecord),
      FAKE_CUDA_FUNCTION(cuEventQuery),
      FAKE_CUDA_FUNCTION(cuEventSynchronize),
  };
  const auto function = functions.find(symbol);
  if (version != 12'000 || flags != 0 || status != nullptr) return invalid_value;
  *found = function == functions.end() ? nullptr : function->second;
  return function == functions.end() ? not_found : success;
}
#endif

extern const fake_cuda_controls fake_cuda;
const fake_cuda_controls fake_cuda{
    .reset =
        [] {
          const std::lock_guard lock{mutex};
          state = driver{};
          state.initialized = true;
        },
    .live =
        [] {
          const std::lock_guard lock{mutex};
          return fake_cuda_live{state.ranges.size(),   state.allocations.size(),
                                state.mappings.size(), state.streams.size(),
                                state.events.size(),   state.contexts};
        },
    .calls =
        [] {
          const std::lock_guard lock{mutex};
          return state.calls;
        },
    .fail_call =
        [](std::size_t number, int code) {
          const std::lock_guard lock{mutex};
          state.failing_call = number;
          state.failing_call_code = code;
        },
    .fail_function =
        [](const char* name, int code) {
          const std::lock_guard lock{mutex};
          state.failing_functions[name] = code;
        },
    .set_total_memory =
        [](std::size_t bytes) {
          const std::lock_guard lock{mutex};
          state.total_memory = bytes;
        },
    .set_virtual_memory =
        [](int able) {
          const std::lock_guard lock{mutex};
          state.virtual_memory = able;
        },
    .set_exclusive =
        [](int on) {
          const std::lock_guard lock{mutex};
          state.taken_by_others = on != 0;
        },
};

}  // extern "C"
