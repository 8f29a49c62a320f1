// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <kvfolio/copies/concept.hpp>
#include <kvfolio/core/copy_op.hpp>

namespace kvfolio {

/// What an engine asks of a cache that leaves the copies to it: the base of `Cache`, empty if
/// `Copies` carries them out itself.
template <class Cache, class Copies>
class cache_copies {
  friend Cache;
  cache_copies() noexcept = default;
};

/// \copydoc cache_copies
template <class Cache, deferring_copy_backend Copies>
class cache_copies<Cache, Copies> {
 public:
  /// Number of copies that wait for `take_copies`.
  [[nodiscard]] std::size_t waiting_copies() const noexcept {
    return static_cast<const Cache&>(*this).resident().copies().waiting();
  }

  /// Moves the oldest waiting copies to `out`, as many as fit, for the engine to carry out in this
  /// order: after what it has written so far, and before what it writes next. Their pages are not
  /// reused before `complete`. O(copies).
  [[nodiscard]] copy_batch take_copies(std::span<copy_op> out) noexcept {
    return static_cast<Cache&>(*this).resident().copies().take(out);
  }

  /// The copies that were taken up to `ticket` have landed. Reporting it again does nothing.
  /// O(copies). Precondition: `take_copies` returned `ticket`.
  void complete(copy_ticket ticket) noexcept {
    static_cast<Cache&>(*this).resident().complete(ticket);
  }

 private:
  friend Cache;
  cache_copies() noexcept = default;
};

}  // namespace kvfolio
