// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/tier/crc32c.hpp>
#include <kvfolio/tier/store_fingerprint.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::tier {

/// The CRC by which a store knows again that a page is what it was, that it is that of `key`, and
/// that it was stored under `fingerprint`: of both, and of the page, which is added to it.
[[nodiscard]] inline crc32c begin_page_crc(const store_fingerprint& fingerprint,
                                           const store_key& key) noexcept {
  crc32c crc;
  crc.add(std::as_bytes(std::span{fingerprint.words}));
  crc.add(std::as_bytes(std::span{key.words}));
  return crc;
}

/// The same of all of `page`. O(page).
[[nodiscard]] inline std::uint32_t page_crc(const store_fingerprint& fingerprint,
                                            const store_key& key,
                                            std::span<const std::byte> page) noexcept {
  auto crc = begin_page_crc(fingerprint, key);
  crc.add(page);
  return crc.value();
}

/// The same of all of `page`, which is copied to `copy` on the way: faster than one after the
/// other. O(page). Precondition: both have the same size, and do not overlap.
[[nodiscard]] inline std::uint32_t copy_page(const store_fingerprint& fingerprint,
                                             const store_key& key, std::span<const std::byte> page,
                                             std::span<std::byte> copy) noexcept {
  KVFOLIO_EXPECTS(page.size() == copy.size());
  constexpr std::size_t cached = std::size_t{32} << 10U;  // bytes that a processor has at hand
  auto crc = begin_page_crc(fingerprint, key);
  for (std::size_t at = 0; at < page.size(); at += cached) {
    const auto some = page.subspan(at, std::min(cached, page.size() - at));
    std::memcpy(copy.data() + at, some.data(), some.size());
    crc.add(some);
  }
  return crc.value();
}

}  // namespace kvfolio::tier
