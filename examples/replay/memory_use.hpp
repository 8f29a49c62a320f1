// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

namespace replay {

/// What positions of KV memory are good for, as figure 2 of "PagedAttention" (Kwon et al., SOSP
/// 2023) divides them. A position that sequences share counts for each of them.
struct memory_use {
  double token_states = 0;  ///< they hold a token
  double reserved = 0;      ///< they will, before their request ends
  double internal = 0;      ///< their request has them, and never needs them
  double external = 0;      ///< they are free, and of no use to the request that waits

  /// Adds a sequence that has computed `tokens`, will end with `end`, and has room for `room`.
  void add(std::size_t tokens, std::size_t end, std::size_t room) {
    const auto needed = std::clamp(end, tokens, std::max(tokens, room));
    token_states += static_cast<double>(tokens);
    reserved += static_cast<double>(needed - tokens);
    internal += static_cast<double>(std::max(tokens, room) - needed);
  }
  /// Adds `other`, `weight` times.
  void add(const memory_use& other, double weight) {
    token_states += other.token_states * weight;
    reserved += other.reserved * weight;
    internal += other.internal * weight;
    external += other.external * weight;
  }
  /// Divides each by their sum, if that is not 0.
  void become_shares() {
    const auto all = token_states + reserved + internal + external;
    if (all > 0) *this = {token_states / all, reserved / all, internal / all, external / all};
  }
};

}  // namespace replay
