// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include <kvfolio/vm/memory_file.hpp>
#include <kvfolio/vm/memory_records.hpp>
#include <kvfolio/vm/system_limits.hpp>

namespace kvfolio::vm {

/// Of what pages memory shall consist.
enum class page_kind : std::uint8_t {
  small,      ///< the kernel's, of 4 KiB
  collapsed,  ///< huge ones, made of small ones: milliseconds each, when memory is created
  reserved,   ///< huge ones, of a reserve that an administrator made: `vm.nr_hugepages`
};

/// What a `linux_backend` shall have.
struct linux_options {
  std::size_t capacity = 0;      ///< bytes of memory at most; must be given
  std::size_t granule = 65'536;  ///< bytes; a power of two, and with huge pages at least 2 MiB
  page_kind pages = page_kind::small;  ///< what memory consists of
  std::size_t max_mappings = 0;  ///< at most; 0: what the kernel allows, less 4,096 for others
};

/// Returns `options` with what was left to the system. \throws std::invalid_argument if they make
/// no sense \throws std::runtime_error if the machine has not that much memory
[[nodiscard]] inline linux_options checked(linux_options options) {
  const auto granule = options.granule;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (granule < page || (granule & (granule - 1)) != 0) {
    throw std::invalid_argument("kvfolio: granule is " + std::to_string(granule) +
                                "; a power of two from " + std::to_string(page) +
                                " on, 65536 is usual");
  }
  if (options.pages != page_kind::small && granule % memory_file::huge_page != 0) {
    throw std::invalid_argument("kvfolio: granule is " + std::to_string(granule) +
                                "; huge pages need 2097152 at least");
  }
  if (options.capacity == 0 || options.capacity % granule != 0) {
    throw std::invalid_argument("kvfolio: capacity is " + std::to_string(options.capacity) +
                                " bytes; a multiple of the granule, " + std::to_string(granule));
  }
  if (options.capacity / granule > memory_records::max_size) {
    throw std::invalid_argument("kvfolio: capacity is more than a billion granules; larger ones");
  }
  if (const auto available = available_memory();
      options.pages != page_kind::reserved && options.capacity > available) {
    throw std::runtime_error("kvfolio: capacity is " + std::to_string(options.capacity) +
                             " bytes, of which the machine has " + std::to_string(available) +
                             " available; going beyond would kill processes");
  }
  if (options.max_mappings == 0) {
    const auto kernel = max_map_count();
    options.max_mappings = kernel - std::min<std::size_t>(4096, kernel / 2);
  }
  return options;
}

}  // namespace kvfolio::vm
