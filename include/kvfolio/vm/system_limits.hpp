// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace kvfolio::vm {

/// Returns the number that follows `label` in the file at `path`, or `otherwise` if there is no
/// such file, label or number. Reads the first 4 KiB; for files of Linux in /proc and /sys.
[[nodiscard]] inline std::size_t number_in(const char* path, const char* label,
                                           std::size_t otherwise) noexcept {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);  // NOLINT(*-vararg): that is its signature
  if (file < 0) return otherwise;
  std::array<char, 4096> text{};
  const auto length = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  if (length <= 0) return otherwise;
  const char* found = std::strstr(text.data(), label);
  if (found == nullptr) return otherwise;
  found += std::strlen(label);
  char* end = nullptr;
  const auto number = std::strtoull(found, &end, 10);
  return end == found ? otherwise : static_cast<std::size_t>(number);
}

/// Returns how many mappings Linux keeps for a process: `vm.max_map_count`.
[[nodiscard]] inline std::size_t max_map_count() noexcept {
  return number_in("/proc/sys/vm/max_map_count", "", 65'530);
}

/// Returns how many bytes a process can still take before something is killed: what is available in
/// the machine and, if there is one, in its control group (version 2, as containers see it).
[[nodiscard]] inline std::size_t available_memory() noexcept {
  const auto kib = number_in("/proc/meminfo", "MemAvailable:", SIZE_MAX / 1024);
  const auto most = number_in("/sys/fs/cgroup/memory.max", "", SIZE_MAX);
  const auto used = number_in("/sys/fs/cgroup/memory.current", "", 0);
  return std::min(kib * 1024, most > used ? most - used : 0);
}

}  // namespace kvfolio::vm
