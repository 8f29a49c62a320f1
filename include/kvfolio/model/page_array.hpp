// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/copy_op.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/model/page_layout.hpp>

namespace kvfolio::model {

/// A view of pages that lie one after the other: a tensor whose first dimension is the page, dense
/// unless the pages are larger than what they hold. Owns nothing and is passed by value. Empty
/// where the host has no access to the bytes.
class page_array {
 public:
  /// Views `bytes`, which hold pages of `layout` and must outlive the view.
  constexpr page_array(std::span<std::byte> bytes, const page_layout& layout) noexcept
      : page_array{bytes, layout, layout.bytes()} {}
  /// The same, where each page begins `stride` bytes after the one before it: pages of several
  /// layouts share a pool. Precondition: `stride >= layout.bytes()`.
  constexpr page_array(std::span<std::byte> bytes, const page_layout& layout,
                       std::size_t stride) noexcept
      : bytes_{bytes}, layout_{layout}, stride_{stride} {
    KVFOLIO_EXPECTS(stride >= layout.bytes());
  }

  /// Where the bytes of a page are.
  [[nodiscard]] constexpr const page_layout& layout() const noexcept { return layout_; }

  /// The bytes of `page`, without padding. Precondition: the view has them.
  [[nodiscard]] constexpr std::span<std::byte> operator[](page_id page) const noexcept {
    KVFOLIO_EXPECTS(to_index(page) < bytes_.size() / stride_);
    return bytes_.subspan(to_index(page) * stride_, layout_.bytes());
  }

  /// Carries out `op`. O(bytes). Precondition: the view has both pages, and they differ.
  void copy(const copy_op& op) const noexcept {
    const auto from = (*this)[op.source];
    const auto to = (*this)[op.destination];
    KVFOLIO_EXPECTS(op.source != op.destination);
    layout_.for_each_piece(op.first_token, op.tokens, [&](std::size_t offset, std::size_t bytes) {
      std::memcpy(to.data() + offset, from.data() + offset, bytes);
    });
  }

 private:
  std::span<std::byte> bytes_;
  page_layout layout_;
  std::size_t stride_;  // bytes from a page to the next
};

}  // namespace kvfolio::model
