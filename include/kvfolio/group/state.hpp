// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <kvfolio/group/concept.hpp>

namespace kvfolio::group {

/// Every token reads one state, which the token before it has left: recurrent layers (Gu and Dao,
/// "Mamba", 2023).
///
/// A page holds one state: that after its sequence's last token, and once there are
/// `(index + 1) * interval` tokens, the one after that many, for ever: a *checkpoint*, from which
/// others may go on, and to which a speculation can be taken back. Between two checkpoints a state
/// is overwritten, so there is no way back to it.
class state {
 public:
  /// Keeps a checkpoint each `interval` tokens. \throws std::invalid_argument if `interval` is 0
  explicit constexpr state(std::uint32_t interval) : interval_{interval} {
    if (interval == 0) {
      throw std::invalid_argument(
          "kvfolio: a checkpoint each 0 tokens; make it a page of the attention layers, say");
    }
  }

  /// The last complete token, in whose page the state is.
  [[nodiscard]] constexpr std::size_t first_needed(std::size_t complete) const noexcept {
    return complete == 0 ? 0 : complete - 1;
  }
  /// None.
  [[nodiscard]] constexpr std::size_t sinks() const noexcept { return 0; }
  /// That token.
  [[nodiscard]] constexpr std::size_t reach() const noexcept { return 1; }
  /// As given.
  [[nodiscard]] constexpr std::uint32_t interval() const noexcept { return interval_; }

 private:
  std::uint32_t interval_;
};

static_assert(group_rule<state>);

}  // namespace kvfolio::group
