// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace kvfolio {

/// A snapshot of a cache.
struct cache_statistics {
  std::size_t pages = 0;             ///< in the pool, without a reserved null page
  std::size_t free_pages = 0;        ///< that nobody uses, reserved ones included
  std::size_t reserved_pages = 0;    ///< of those, set aside by reservations
  std::size_t landing_pages = 0;     ///< that only a copy in flight still uses
  std::size_t cached_pages = 0;      ///< that nobody uses, and that could be found or evicted
  std::size_t used_pages = 0;        ///< that some sequence uses, counted once; and indexed ones
                                     ///< that a copy in flight still needs
  std::size_t used_bytes = 0;        ///< bytes of the used pages
  std::size_t sequences = 0;         ///< that are alive
  std::size_t tokens = 0;            ///< sum of their lengths
  std::size_t committed_tokens = 0;  ///< sum of what they committed
  std::size_t table_pages = 0;       ///< sum of their tables; less `used_pages`: saved by sharing
  std::size_t slack_tokens = 0;      ///< positions of the tables past the lengths: internal waste,
                                     ///< less than a page for each sequence

  /// Equal in every member.
  friend bool operator==(const cache_statistics&, const cache_statistics&) = default;
};

}  // namespace kvfolio
