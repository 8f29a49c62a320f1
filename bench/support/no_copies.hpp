// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/copies/concept.hpp>

namespace kvfolio::bench {

/// Copies that are nobody's work.
struct no_copies {
  static constexpr bool needs_bytes = false;
  explicit no_copies(std::size_t /*pages*/) noexcept {}
  void submit(const copy_op& /*op*/, const model::page_array& /*pages*/) noexcept {}
  [[nodiscard]] bool busy(page_id /*page*/) const noexcept { return false; }
  [[nodiscard]] std::uint32_t unread(page_id /*page*/) const noexcept { return 0; }
};

}  // namespace kvfolio::bench
