// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <kvfolio/prefix/concept.hpp>

namespace kvfolio::prefix {

/// Finds nothing and remembers nothing: a cache without prefix reuse. Stateless.
class none {
 public:
  static constexpr bool enabled = false;  ///< nothing is ever indexed

  /// Needs nothing.
  none(std::size_t /*pages*/, std::uint32_t /*tokens_per_page*/, std::uint64_t /*seed*/) noexcept {}

  /// Does nothing.
  void note(page_id /*page*/, std::uint32_t /*offset*/,
            std::span<const token_id> /*tokens*/) noexcept {}
  /// Does nothing.
  void copy_note(page_id /*from*/, page_id /*to*/, std::uint32_t /*count*/) noexcept {}
  /// Nothing.
  [[nodiscard]] prefix_cursor match(const prefix_realm& /*realm*/,
                                    std::span<const token_id> /*tokens*/,
                                    std::span<page_id> /*out*/) const noexcept {
    return {};
  }
  /// Nowhere.
  prefix_cursor extend(const prefix_realm& /*realm*/, const prefix_cursor& at,
                       page_id /*page*/) noexcept {
    return at;
  }
  /// Does nothing.
  void erase(page_id /*page*/) noexcept {}
  /// No.
  [[nodiscard]] bool contains(page_id /*page*/) const noexcept { return false; }
  /// None.
  [[nodiscard]] std::optional<page_id> parent(page_id /*page*/) const noexcept {
    return std::nullopt;
  }
  /// None.
  [[nodiscard]] std::span<const token_id> tokens(page_id /*page*/) const noexcept { return {}; }
  /// None.
  [[nodiscard]] std::size_t size() const noexcept { return 0; }
};

static_assert(prefix_index<none>);

}  // namespace kvfolio::prefix
