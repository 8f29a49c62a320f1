// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

/// What of the fake driver exists, for tests to see that nothing is left.
struct fake_cuda_live {
  std::size_t ranges;
  std::size_t allocations;  ///< that are named or mapped
  std::size_t mappings;
  std::size_t streams;
  std::size_t events;
  std::size_t contexts;  ///< retained and not released

  /// Is there nothing?
  [[nodiscard]] std::size_t all() const noexcept {
    return ranges + allocations + mappings + streams + events + contexts;
  }
};

/// How tests steer the fake driver; found in it by name, as the driver's own functions are.
struct fake_cuda_controls {
  void (*reset)();                                    ///< as it is when it was loaded
  fake_cuda_live (*live)();                           ///< what exists
  std::size_t (*calls)();                             ///< how many there were since the reset
  void (*fail_call)(std::size_t number, int code);    ///< of those since the reset, once
  void (*fail_function)(const char* name, int code);  ///< every time, until the reset
  void (*set_total_memory)(std::size_t bytes);        ///< of the device
  void (*set_virtual_memory)(int able);               ///< what attribute 102 says
  void (*set_exclusive)(int on);                      ///< others have taken all memory
};
