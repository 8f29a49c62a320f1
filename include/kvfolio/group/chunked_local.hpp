// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <kvfolio/group/concept.hpp>

namespace kvfolio::group {

/// Every token reads those before it in its own chunk of the sequence, as the local layers of
/// Llama 4 do (Meta, 2025). At a boundary nothing is read any more.
class chunked_local {
 public:
  /// \throws std::invalid_argument if `chunk` is 0
  explicit constexpr chunked_local(std::size_t chunk) : chunk_{chunk} {
    if (chunk == 0) {
      throw std::invalid_argument("kvfolio: a chunk of 0 tokens; Llama 4 has chunks of 8192");
    }
  }

  /// Where the chunk of the next token begins.
  [[nodiscard]] constexpr std::size_t first_needed(std::size_t complete) const noexcept {
    return complete / chunk_ * chunk_;
  }
  /// None.
  [[nodiscard]] constexpr std::size_t sinks() const noexcept { return 0; }
  /// A chunk without the token that is computed.
  [[nodiscard]] constexpr std::size_t reach() const noexcept { return chunk_ - 1; }
  /// 0: each position has keys and values.
  [[nodiscard]] constexpr std::uint32_t interval() const noexcept { return 0; }

 private:
  std::size_t chunk_;
};

static_assert(group_rule<chunked_local>);

}  // namespace kvfolio::group
