// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <kvfolio/core/key_history.hpp>
#include <kvfolio/eviction/page_access.hpp>

namespace kvfolio::eviction {

/// Admits what was refused before: a page has to be wanted twice.
///
/// The cache on second request of content delivery networks (Maggs and Sitaraman, "Algorithmic
/// nuggets in content delivery", SIGCOMM CCR 45(3), 2015), with keys in place of a Bloom filter, so
/// that it is never wrong about those it remembers. Expected O(1); up to 52 bytes for each
/// remembered key, allocated once. One owner thread.
class wanted_before {
 public:
  /// Remembers up to twice as many keys as there are pages. \throws std::bad_alloc
  explicit wanted_before(std::size_t pages) : wanted_before{pages, 2 * pages} {}
  /// Remembers up to `history` keys, and forgets the oldest first. \throws std::bad_alloc
  wanted_before(std::size_t /*pages*/, std::size_t history) : refused_{history} {}

  /// Was the key refused before, and remembered? If not, it is from now on.
  [[nodiscard]] bool admits(const page_access& access) noexcept {
    if (const auto slot = refused_.find(access.key)) {
      refused_.forget(*slot);
      return true;
    }
    refused_.remember(access.key);
    return false;
  }

 private:
  key_history<> refused_;
};

}  // namespace kvfolio::eviction
