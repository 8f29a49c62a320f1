// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/copies/concept.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>

namespace kvfolio {

/// Has the work of an extension policy copy the tokens of pages that are rows of chunks, within the
/// call: a `copy_backend`. A device that fails makes it fail, and stay so. `Extension` must outlive
/// it. One owner thread.
template <class Extension>
class row_copies {
 public:
  static constexpr bool needs_bytes = false;  ///< rows have them, and not pages

  /// Copies nothing yet.
  explicit row_copies(std::size_t /*pages*/) noexcept {}
  /// Has copies made, and says in `outcome`, which must outlive it too, if that did not work.
  row_copies(Extension& extension, result<void>& outcome) noexcept
      : extension_{&extension}, outcome_{&outcome} {}

  /// Copies.
  void submit(const copy_op& op, const model::page_array& /*pages*/) noexcept {
    KVFOLIO_EXPECTS(extension_ != nullptr);
    const auto done = extension_->with([&op](auto& rows) { return rows.copy(op); });
    if (!done) *outcome_ = done;
  }
  /// No copy is ever under way.
  [[nodiscard]] bool busy(page_id /*page*/) const noexcept { return false; }
  /// None is.
  [[nodiscard]] std::uint32_t unread(page_id /*page*/) const noexcept { return 0; }

 private:
  Extension* extension_ = nullptr;
  result<void>* outcome_ = nullptr;
};

}  // namespace kvfolio
