// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/tier/crc32c.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::tier {

/// The CRC by which a store knows again that `page` is what it was, that it is that of `key`, and
/// that it was stored under `fingerprint`. O(page).
[[nodiscard]] inline std::uint32_t page_crc(const store_fingerprint& fingerprint,
                                            const store_key& key,
                                            std::span<const std::byte> page) noexcept {
  crc32c crc;
  crc.add(std::as_bytes(std::span{fingerprint.words}));
  crc.add(std::as_bytes(std::span{key.words}));
  crc.add(page);
  return crc.value();
}

}  // namespace kvfolio::tier
