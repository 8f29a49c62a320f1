// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/cache_statistics.hpp>
#include <kvfolio/contiguous_config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/mapping_statistics.hpp>
#include <kvfolio/page/reservation_rule.hpp>
#include <kvfolio/sequence.hpp>
#include <kvfolio/vm/tensor_layout.hpp>

namespace kvfolio {

/// What a contiguous cache shows and tells, and what is done to it as a whole: the base of `Cache`.
template <class Cache>
class contiguous_reports {
 public:
  /// The keys of `layer` of `of`, `[length(), kv_heads, bytes]`, as the layout has them: valid
  /// until the sequence is released, or `truncate`d below what is read. What `append` or `writable`
  /// has just given may be written. O(1). Precondition: there is such a layer.
  [[nodiscard]] auto keys(std::uint32_t layer, const sequence<Cache>& of) const noexcept {
    return part(vm::kv_part::keys, layer, of);
  }
  /// The values, likewise. Precondition: the shape has values.
  [[nodiscard]] auto values(std::uint32_t layer, const sequence<Cache>& of) const noexcept {
    return part(vm::kv_part::values, layer, of);
  }
  /// The scales of both, likewise. Precondition: the shape has scales.
  [[nodiscard]] auto scales(std::uint32_t layer, const sequence<Cache>& of) const noexcept {
    return part(vm::kv_part::scales, layer, of);
  }

  /// What the cache was made from.
  [[nodiscard]] const contiguous_config& config() const noexcept { return self().config_; }
  /// What lies where in a sequence.
  [[nodiscard]] const auto& places() const noexcept { return self().rows_.places(); }
  /// Returns `act(backend)`, while nobody maps ahead: for streams, events and copies. What is
  /// mapped where is the cache's business.
  template <class Act>
  decltype(auto) with_source(Act act) {
    return self().mapped([&act](auto& rows) -> decltype(auto) { return act(rows.source()); });
  }
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
  [[nodiscard]] mapping_statistics mappings() const noexcept {
    return self().mapped([](const auto& rows) { return rows.statistics(); });
  }

  /// Recounts everything that is kept twice, and looks at what every sequence is shown. Returns
  /// nullptr, or which invariant does not hold. For tests and tools: O(pool and slots), and it
  /// allocates. \throws std::bad_alloc
  [[nodiscard]] const char* check_invariants() const {
    if (const char* const broken = self().pages_.check_invariants()) return broken;
    return self().mapped([this](const auto& rows) {
      return rows.broken_invariant(self().pages_.tables(),
                                   [this](auto visit) { self().for_each_alive(visit); });
    });
  }

  /// A hash of all that decides the future: equal calls give equal digests, on every rank and in
  /// every process, unless a thread maps ahead, as sequences wish for the pages that it has mapped
  /// by then. O(pool and slots).
  [[nodiscard]] std::uint64_t state_digest() const noexcept {
    return self().mapped(
        [this](const auto& rows) { return rows.digest(self().pages_.state_digest()); });
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
  [[nodiscard]] auto part(vm::kv_part wanted, std::uint32_t layer,
                          const sequence<Cache>& of) const noexcept {
    return self().rows_.view(self().row_of(of), wanted, layer, of.length());
  }
  [[nodiscard]] const Cache& self() const noexcept { return static_cast<const Cache&>(*this); }
  [[nodiscard]] Cache& self() noexcept { return static_cast<Cache&>(*this); }
};

}  // namespace kvfolio
