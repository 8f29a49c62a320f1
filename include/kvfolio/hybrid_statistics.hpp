// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace kvfolio {

/// A snapshot of a hybrid cache.
struct hybrid_statistics {
  std::size_t pages = 0;             ///< in the pool, without a reserved null page
  std::size_t free_pages = 0;        ///< that nobody uses, and where nothing can be found
  std::size_t cached_pages = 0;      ///< that nobody uses, and that could be found or evicted
  std::size_t used_pages = 0;        ///< that sequences or copies in flight use, counted once
  std::size_t used_bytes = 0;        ///< bytes of the used pages, with padding
  std::size_t sequences = 0;         ///< that are alive
  std::size_t tokens = 0;            ///< sum of their lengths
  std::size_t committed_tokens = 0;  ///< sum of what they committed
  std::size_t table_pages = 0;    ///< sum of their tables without holes; less `used_pages`: saved
                                  ///< by sharing
  std::size_t resume_points = 0;  ///< prefixes where a prompt can be resumed

  /// Equal in every member.
  friend bool operator==(const hybrid_statistics&, const hybrid_statistics&) = default;
};

}  // namespace kvfolio
