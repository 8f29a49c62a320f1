// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/copies/concept.hpp>

namespace kvfolio {

/// Copies with `memcpy`, inside the call. Stateless; nothing is ever in flight.
class host_copies {
 public:
  static constexpr bool needs_bytes = true;  ///< it reads and writes them

  /// Needs nothing for any number of pages.
  explicit host_copies(std::size_t /*pages*/) noexcept {}

  /// Copies. O(bytes).
  void submit(const copy_op& op, const model::page_array& pages) noexcept { pages.copy(op); }

  /// Never.
  [[nodiscard]] bool busy(page_id /*page*/) const noexcept { return false; }

  /// None.
  [[nodiscard]] std::uint32_t unread(page_id /*page*/) const noexcept { return 0; }
};

static_assert(copy_backend<host_copies> && !deferring_copy_backend<host_copies>);

}  // namespace kvfolio
