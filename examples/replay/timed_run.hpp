// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include <replay/outcome.hpp>

namespace replay {

using teller = std::function<void(std::size_t)>;  ///< is told how many requests are done

/// Lets `server` serve, and notes how long that really took.
template <class Server>
[[nodiscard]] outcome timed_run(Server&& server, const teller& tell) {
  const auto start = std::chrono::steady_clock::now();
  auto seen = server.run(tell);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  seen.wall_seconds = wall.count();
  return seen;
}

}  // namespace replay
