// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

namespace kvfolio::test {

/// Memory of this process that is resident, in bytes, as the kernel counts it: what is mapped n
/// times counts n times.
[[nodiscard]] inline std::size_t resident_bytes() {
  std::ifstream status{"/proc/self/status"};
  std::string word;
  std::size_t kib = 0;
  while (status >> word) {
    if (word == "VmRSS:") status >> kib;
  }
  return kib * 1024;
}

/// What a part of the address space takes: the sum of its mappings.
struct mapped_memory {
  std::size_t mappings = 0;            ///< that lie in it, wholly or in part
  std::size_t resident_bytes = 0;      ///< what is mapped n times counts n times
  std::size_t proportional_bytes = 0;  ///< what is mapped n times counts once ("Pss")
};

/// Looks at `[first, first + bytes)` of this process.
[[nodiscard]] inline mapped_memory memory_mapped_at(std::uintptr_t first, std::size_t bytes) {
  std::ifstream maps{"/proc/self/smaps"};
  mapped_memory sum;
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    const auto dash = line.find('-');
    if (dash != std::string::npos && dash < line.find(' ') && dash < 20) {
      const auto begin = std::stoull(line.substr(0, dash), nullptr, 16);
      const auto end = std::stoull(line.substr(dash + 1), nullptr, 16);
      inside = begin < first + bytes && end > first;
      sum.mappings += inside ? 1 : 0;
      continue;
    }
    std::istringstream words{line};
    std::string name;
    std::size_t kib = 0;
    words >> name >> kib;
    if (inside && name == "Rss:") sum.resident_bytes += kib * 1024;
    if (inside && name == "Pss:") sum.proportional_bytes += kib * 1024;
  }
  return sum;
}

}  // namespace kvfolio::test
