// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace kvfolio {

/// A snapshot of what a contiguous cache has mapped.
struct mapping_statistics {
  std::size_t reserved_bytes = 0;    ///< of addresses
  std::size_t memory_bytes = 0;      ///< of physical memory
  std::size_t shown_places = 0;      ///< places of sequences, alive or not, that show a page
  std::size_t shown_pages = 0;       ///< pages that are shown: fewer, by those that are shared
  std::size_t left_pages = 0;        ///< of these, pages that are free, and mapped where they were
  std::uint64_t maps = 0;            ///< chunks mapped so far
  std::uint64_t access_changes = 0;  ///< ranges that were given another access
  std::uint64_t unmaps = 0;          ///< ranges unmapped

  /// Equal in every member.
  friend bool operator==(const mapping_statistics&, const mapping_statistics&) = default;
};

}  // namespace kvfolio
