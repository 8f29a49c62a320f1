// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <replay/trace.hpp>

namespace replay {

/// What becomes of requests that give way, if they are not just begun again.
struct tier_options {
  std::string store = "host";  ///< or file:PATH, or redis:PATH of a socket
  double link_gbps = 25;       ///< 10^9 bytes a second between pool and store, by the clock
  std::uint32_t pages = 0;     ///< that the store can hold; 0: four times the pool's
};

/// What a tier did.
struct tier_use {
  std::uint64_t stored_pages = 0;     ///< that left for the store
  std::uint64_t read_pages = 0;       ///< that came back
  std::uint64_t found_pages = 0;      ///< that did not have to, because they were still there
  std::uint64_t computed_tokens = 0;  ///< while the pages behind them came back
  std::uint64_t model_bytes = 0;      ///< that the pages would have had, both ways together
  std::uint64_t moved_bytes = 0;      ///< that they had
  nanoseconds moving = 0;             ///< by the clock

  /// Equal in every member.
  friend bool operator==(const tier_use&, const tier_use&) = default;
};

}  // namespace replay
