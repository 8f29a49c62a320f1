// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kvfolio/cache_audit.hpp>
#include <kvfolio/cache_config.hpp>
#include <kvfolio/cache_statistics.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/model/page_layout.hpp>
#include <kvfolio/page/reservation_rule.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/request_options.hpp>

namespace kvfolio {

/// What a cache tells of itself: the base of `Cache`, which it only reads.
template <class Cache>
class cache_reports {
 public:
  /// What the cache was made from.
  [[nodiscard]] const cache_config& config() const noexcept { return self().config_; }

  /// Where every byte of a page is.
  [[nodiscard]] const model::page_layout& layout() const noexcept { return self().layout_; }

  /// All pages as one array; without bytes, if the memory is not the host's.
  [[nodiscard]] const model::page_array& page_array() const noexcept {
    return self().chains_.bytes();
  }

  /// Tokens that have storage after `sequence::ensure(tokens, asked)`, unless it fails. O(1).
  [[nodiscard]] std::size_t storage_for(std::size_t tokens,
                                        const request_size& asked = {}) const noexcept {
    using rule = typename Cache::policies::reservation;
    const auto most = std::max(tokens, config().longest());
    return std::clamp(rule::storage(tokens, asked, most), tokens, most);
  }

  /// Counts what there is now. O(sequences).
  [[nodiscard]] cache_statistics statistics() const noexcept {
    const auto& resident = self().resident();
    cache_statistics seen{.pages = resident.pool().capacity(),
                          .free_pages = resident.pool().free(),
                          .reserved_pages = resident.set_aside(),
                          .landing_pages = resident.landing(),
                          .cached_pages = resident.cached()};
    seen.used_pages = seen.pages - seen.free_pages - seen.landing_pages - seen.cached_pages;
    seen.used_bytes = seen.used_pages * self().layout_.bytes();
    for (std::size_t row = 0; row < self().records_.size(); ++row) {
      const auto& record = self().records_[row];
      seen.sequences += record.alive ? 1 : 0;
      seen.tokens += record.length;
      seen.committed_tokens += record.committed;
      seen.table_pages += self().tables().size(row);
    }
    seen.slack_tokens = seen.table_pages * self().layout_.tokens() - seen.tokens;
    return seen;
  }

  /// Number of sequences that use `page`. For tests and tools: O(pages of all sequences).
  [[nodiscard]] std::size_t pins(page_id page) const noexcept {
    return audit{self()}.sequences_with(page);
  }

  /// Recounts everything that is kept twice. Returns nullptr, or which invariant does not hold. For
  /// tests and tools: O(pool and tables), and it allocates. \throws std::bad_alloc
  [[nodiscard]] const char* check_invariants() const { return audit{self()}.broken_invariant(); }

  /// A hash of all that decides the future: equal calls give equal digests, on every rank and in
  /// every process. O(pool and tables).
  [[nodiscard]] std::uint64_t state_digest() const noexcept { return audit{self()}.digest(); }

  /// How pages are found, for `prefix::prompt_keys`. Valid as long as the cache.
  [[nodiscard]] const auto& index() const noexcept { return self().resident().index(); }

  /// In which realm the prompt of a request with these options is looked for, until `invalidate`.
  [[nodiscard]] prefix_realm realm(const request_options& options = {}) const noexcept {
    return {options.scope, self().epoch_, options.media};
  }

  /// The observer, for what it saw.
  [[nodiscard]] const auto& observer() const noexcept { return self().resident().observer(); }

  /// The source of the bytes, for its statistics.
  [[nodiscard]] const auto& memory() const noexcept { return self().memory_.source(); }

 private:
  friend Cache;
  using audit = detail::cache_audit<Cache>;

  cache_reports() noexcept = default;
  [[nodiscard]] const Cache& self() const noexcept { return static_cast<const Cache&>(*this); }
};

}  // namespace kvfolio
