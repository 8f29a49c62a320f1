// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <replay/trace.hpp>

namespace replay {

/// What a call of a driver that maps memory takes, however much it maps. As given: what kvcached
/// (ovg-project/kvcached, e8e6406) reports for one thread on an A100, 2 MiB at a time, on average.
struct call_times {
  nanoseconds map = 1'450;      ///< `cuMemMap`: one chunk
  nanoseconds access = 36'000;  ///< `cuMemSetAccess`: one span of chunks
  nanoseconds unmap = 25'600;   ///< `cuMemUnmap`: one span of chunks
};

/// How systems map memory to the addresses of requests, those that do.
struct mapping_options {
  std::string model = "llama-3-8b";  ///< a preset, whose keys and values have two bytes an element
  std::uint32_t chunk_kib = 2'048;   ///< physical memory comes in chunks of so many KiB
  call_times calls{};                ///< of the driver
  bool background = false;           ///< another thread maps, beside the steps that compute
};

}  // namespace replay
