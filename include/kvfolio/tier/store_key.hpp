// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace kvfolio::tier {

/// Names what a page holds, in every process and for ever: pages of equal keys have equal bytes.
struct store_key {
  std::array<std::uint64_t, 2> words{};  ///< half of a SHA-256

  /// Equal in both words.
  friend constexpr bool operator==(const store_key&, const store_key&) = default;
};

/// The key of a page whose identity is `digest`. Digests chain from page to page as prefixes do,
/// and depend on the realm and the media too: `prefix::by_sha256` with the fingerprint's `seed()`
/// gives them. So two pages have one key only if somebody finds a collision in half a SHA-256.
[[nodiscard]] constexpr store_key to_store_key(
    const std::array<std::uint64_t, 4>& digest) noexcept {
  return {{digest[0], digest[1]}};
}

}  // namespace kvfolio::tier
