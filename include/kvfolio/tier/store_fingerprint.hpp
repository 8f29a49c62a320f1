// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/sha256.hpp>
#include <kvfolio/model/page_layout.hpp>

namespace kvfolio::tier {

/// Names what all pages of a store have in common. What another fingerprint wrote is never read.
struct store_fingerprint {
  std::array<std::uint64_t, 2> words{};  ///< half of a SHA-256

  /// The seed of the keys of its pages. O(1).
  [[nodiscard]] constexpr std::uint64_t seed() const noexcept { return words[0]; }

  /// Equal in both words.
  friend constexpr bool operator==(const store_fingerprint&, const store_fingerprint&) = default;
};

/// The fingerprint of pages of `layout` that `model_name` computes, stored by this version of
/// kvfolio on machines of this byte order. Whatever changes the keys and values of the same tokens
/// must change `model_name`: the revision of the weights, say, or the rank that has a part of them.
[[nodiscard]] inline store_fingerprint fingerprint_of(std::string_view model_name,
                                                      const model::page_layout& layout) noexcept {
  const auto& shape = layout.shape();
  const std::array<std::uint32_t, 12> facts{
      KVFOLIO_VERSION_MAJOR,  KVFOLIO_VERSION_MINOR,
      KVFOLIO_VERSION_PATCH,  std::endian::native == std::endian::little ? 1 : 2,
      shape.layers,           shape.kv_heads,
      shape.key_dim,          shape.value_dim,
      shape.bits_per_element, shape.scale_bytes,
      layout.tokens(),        static_cast<std::uint32_t>(layout.order()),
  };
  sha256 hash;
  hash.add(std::as_bytes(std::span{facts}));
  hash.add(std::as_bytes(std::span{model_name}));
  const auto digest = std::bit_cast<std::array<std::uint64_t, 4>>(hash.finish());
  return {{digest[0], digest[1]}};
}

}  // namespace kvfolio::tier
