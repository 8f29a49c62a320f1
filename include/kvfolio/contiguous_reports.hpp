// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/cache_statistics.hpp>
#include <kvfolio/contiguous_config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/mapping_statistics.hpp>
#include <kvfolio/page/reservation_rule.hpp>

namespace kvfolio {

/// What a contiguous cache tells of itself, and what is done to it as a whole: the base of `Cache`.
template <class Cache>
class contiguous_reports {
 public:
  /// What the cache was made from.
  [[nodiscard]] const contiguous_config& config() const noexcept { return self().config_; }
  /// What lies where in a sequence.
  [[nodiscard]] const auto& places() const noexcept { return self().rows_.places(); }
  /// Who maps, for its streams and events. What is mapped where is the cache's business.
  [[nodiscard]] auto& source() noexcept { return self().rows_.source(); }
  /// The cache of the pages that are mapped, for what it tells: index, observer, pins.
  [[nodiscard]] const auto& pages() const noexcept { return self().pages_; }
  /// Tokens that have storage after `sequence::ensure(tokens, asked)`, unless it fails. O(1).
  [[nodiscard]] std::size_t storage_for(std::size_t tokens,
                                        const request_size& asked = {}) const noexcept {
    return self().pages_.storage_for(tokens, asked);
  }

  /// Counts the pages. O(sequences).
  [[nodiscard]] cache_statistics statistics() const noexcept { return self().pages_.statistics(); }
  /// Counts the mappings. O(1).
  [[nodiscard]] mapping_statistics mappings() const noexcept { return self().rows_.statistics(); }

  /// Recounts everything that is kept twice, and looks at what every sequence is shown. Returns
  /// nullptr, or which invariant does not hold. For tests and tools: O(pool and slots), and it
  /// allocates. \throws std::bad_alloc
  [[nodiscard]] const char* check_invariants() const {
    if (const char* const broken = self().pages_.check_invariants()) return broken;
    return self().rows_.broken_invariant(self().pages_.tables(),
                                         [this](auto visit) { self().for_each_alive(visit); });
  }

  /// A hash of all that decides the future: equal calls give equal digests, on every rank and in
  /// every process. O(pool and slots).
  [[nodiscard]] std::uint64_t state_digest() const noexcept {
    return self().rows_.digest(self().pages_.state_digest());
  }

  /// See `cache_upkeep::advance`.
  void advance(std::uint64_t now) noexcept { self().pages_.advance(now); }
  /// See `cache_upkeep::invalidate`.
  void invalidate() noexcept { self().pages_.invalidate(); }
  /// See `cache_upkeep::reset`. What is mapped stays so, for those who come.
  [[nodiscard]] result<void> reset() noexcept { return self().pages_.reset(); }

 private:
  friend Cache;
  contiguous_reports() noexcept = default;
  [[nodiscard]] const Cache& self() const noexcept { return static_cast<const Cache&>(*this); }
  [[nodiscard]] Cache& self() noexcept { return static_cast<Cache&>(*this); }
};

}  // namespace kvfolio
