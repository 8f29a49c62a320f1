// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/copies/concept.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>

namespace kvfolio {

/// Copies the tokens of pages that are rows of chunks, within the call: a `copy_backend`. A device
/// that fails makes it fail, and stay so. `Copier` is a `vm::row_copier`, which must outlive it.
/// One owner thread.
template <class Copier>
class row_copies {
 public:
  static constexpr bool needs_bytes = false;  ///< rows have them, and not pages

  /// Copies nothing yet.
  explicit row_copies(std::size_t /*pages*/) noexcept {}
  /// Copies by `copier`, and says in `outcome` if that did not work; both must outlive it.
  row_copies(Copier& copier, result<void>& outcome) noexcept
      : copier_{&copier}, outcome_{&outcome} {}

  /// Copies.
  void submit(const copy_op& op, const model::page_array& /*pages*/) noexcept {
    KVFOLIO_EXPECTS(copier_ != nullptr);
    const auto done = copier_->copy(op.source, op.destination, op.first_token, op.tokens);
    if (!done) *outcome_ = done;
  }
  /// No copy is ever under way.
  [[nodiscard]] bool busy(page_id /*page*/) const noexcept { return false; }
  /// None is.
  [[nodiscard]] std::uint32_t unread(page_id /*page*/) const noexcept { return 0; }

 private:
  Copier* copier_ = nullptr;
  result<void>* outcome_ = nullptr;
};

}  // namespace kvfolio
