// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/page/watched.hpp>

namespace kvfolio::page {

/// Overwrites the pages of `run`, by `wipe(run)`, or has a device do so before it does anything
/// else with them.
// clang-format off
template <class W>
concept page_wipe = std::movable<W> && requires(W& wipe, page_run run) {
  { wipe(run) } noexcept -> std::same_as<void>;
};
// clang-format on

/// Overwrites with zeros what the host may write.
class zero_bytes {
 public:
  /// Has no pages, and must be assigned before any is wiped.
  zero_bytes() = default;
  /// Wipes pages that lie in `bytes` one after the other, `page_bytes` each. `bytes` must outlive
  /// it.
  zero_bytes(std::span<std::byte> bytes, std::size_t page_bytes) noexcept
      : bytes_{bytes}, page_bytes_{page_bytes} {}

  /// Wipes. O(bytes). Precondition: the pages of `run` lie in the bytes.
  void operator()(page_run run) const noexcept {
    KVFOLIO_EXPECTS(page_bytes_ != 0 && to_index(run.end()) <= bytes_.size() / page_bytes_);
    const auto bytes = bytes_.subspan(to_index(run.first) * page_bytes_, run.pages * page_bytes_);
    std::memset(bytes.data(), 0, bytes.size());
  }

 private:
  std::span<std::byte> bytes_;
  std::size_t page_bytes_ = 0;
};

static_assert(page_wipe<zero_bytes>);

/// Has `Wipe` overwrite pages before they are free.
template <page_wipe Wipe>
class scrubber : public null_watch {
 public:
  static constexpr bool sees_every_user = true;  ///< those of evicted pages, too

  /// Wipes by `wipe`.
  explicit scrubber(Wipe wipe = Wipe{}) : wipe_{std::move(wipe)} {}

  /// Overwrites the pages of `run`.
  void returning(page_run run, page_history /*history*/) noexcept { wipe_(run); }

 private:
  [[no_unique_address]] Wipe wipe_;
};

/// Hands out pages of `A`, and wipes them when they come back, so that no user reads what another
/// one wrote. An allocator knows no bytes, hence `Wipe`.
///
/// A `supervising_allocator`: caches release to it what they evict, before they take a page for the
/// next user.
template <page_allocator A, page_wipe Wipe = zero_bytes>
using scrubbing = watched<A, scrubber<Wipe>>;

}  // namespace kvfolio::page
