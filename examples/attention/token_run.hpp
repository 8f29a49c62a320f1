// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace attention {

/// Keys and values of neighbouring tokens of one KV head, wherever they lie. All that kernels know
/// of a cache; layouts make them.
struct token_run {
  const std::byte* keys = nullptr;    ///< of the first token
  const std::byte* values = nullptr;  ///< likewise; as `keys` where latents are both
  const std::byte* scales = nullptr;  ///< two f16 a token, of key and value; for 8-bit integers
  std::size_t key_stride = 0;         ///< bytes from a token to the next
  std::size_t value_stride = 0;       ///< likewise
  std::size_t scale_stride = 0;       ///< likewise
  std::size_t tokens = 0;             ///< at least 1

  /// The same without its first `count` tokens. Precondition: there are more.
  [[nodiscard]] token_run after(std::size_t count) const noexcept {
    auto rest = *this;
    rest.keys += count * key_stride;
    rest.values += count * value_stride;
    if (scales != nullptr) rest.scales += count * scale_stride;
    rest.tokens -= count;
    return rest;
  }
};

}  // namespace attention
