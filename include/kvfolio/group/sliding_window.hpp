// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <kvfolio/group/concept.hpp>

namespace kvfolio::group {

/// Every token reads itself and the `window - 1` before it (Beltagy, Peters, Cohan, "Longformer",
/// 2020), and the first `sinks` of the sequence (Xiao et al., "Efficient streaming language models
/// with attention sinks", ICLR 2024).
class sliding_window {
 public:
  /// \throws std::invalid_argument if `window` is 0
  explicit constexpr sliding_window(std::size_t window, std::size_t sinks = 0)
      : window_{window}, sinks_{sinks} {
    if (window == 0) {
      throw std::invalid_argument("kvfolio: a window of 0 tokens; 1 reads only the token itself");
    }
  }

  /// `complete - window + 1`, or the beginning.
  [[nodiscard]] constexpr std::size_t first_needed(std::size_t complete) const noexcept {
    return complete >= window_ ? complete - window_ + 1 : 0;
  }
  /// As given.
  [[nodiscard]] constexpr std::size_t sinks() const noexcept { return sinks_; }
  /// The window without the token that is computed.
  [[nodiscard]] constexpr std::size_t reach() const noexcept { return window_ - 1; }
  /// 0: each position has keys and values.
  [[nodiscard]] constexpr std::uint32_t interval() const noexcept { return 0; }

 private:
  std::size_t window_;
  std::size_t sinks_;
};

static_assert(group_rule<sliding_window>);

}  // namespace kvfolio::group
