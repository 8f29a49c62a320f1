// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio::tier {

/// Where the pages of a memory are, each of one or more equal pieces: piece `i` of page `p` begins
/// `p * page_stride + i * piece_stride` bytes after the first. All in bytes.
struct page_places {
  std::size_t pieces = 1;        ///< of each page: several where layers have tensors of their own
  std::size_t piece_bytes = 0;   ///< of each piece
  std::size_t page_stride = 0;   ///< from a page to the next
  std::size_t piece_stride = 0;  ///< from a piece of a page to its next

  /// Pages that lie one after the other, whole.
  [[nodiscard]] static constexpr page_places by_page(std::size_t pieces,
                                                     std::size_t piece_bytes) noexcept {
    return {pieces, piece_bytes, pieces * piece_bytes, piece_bytes};
  }
  /// The first pieces of `pages` pages, then their second pieces, and so on.
  [[nodiscard]] static constexpr page_places by_piece(std::size_t pieces, std::size_t piece_bytes,
                                                      std::size_t pages) noexcept {
    return {pieces, piece_bytes, piece_bytes, pages * piece_bytes};
  }

  /// Bytes of a page.
  [[nodiscard]] constexpr std::size_t page_bytes() const noexcept { return pieces * piece_bytes; }
  /// Where a piece begins.
  [[nodiscard]] constexpr std::size_t offset(page_id page, std::size_t piece) const noexcept {
    return to_index(page) * page_stride + piece * piece_stride;
  }
  /// Is each page one piece, in effect?
  [[nodiscard]] constexpr bool whole() const noexcept {
    return pieces == 1 || piece_stride == piece_bytes;
  }
  /// The same places in as few pieces as possible.
  [[nodiscard]] constexpr page_places joined() const noexcept {
    return whole() ? page_places{1, page_bytes(), page_stride, page_bytes()} : *this;
  }
};

/// Bytes that must get from one memory to another.
struct byte_copy {
  std::size_t source;  ///< where they are in the one
  std::size_t target;  ///< where they must be in the other
  std::size_t bytes;   ///< how many

  /// Equal in every member.
  friend constexpr bool operator==(const byte_copy&, const byte_copy&) = default;
};

/// The copies that bring pages from one memory to another: as few as their order allows. Pages that
/// follow each other in both memories move together, piece by piece or whole; so pools that hand
/// out pages in the order of their addresses need few copies, and each costs a driver or a system
/// call some microseconds (vLLM issue 35990 counts 193 where 3 would do).
///
/// O(pages and pieces). Allocates in the constructor only. One owner thread.
class copy_plan {
 public:
  /// For at most `pages` pages of `pieces` pieces at a time. \throws std::bad_alloc
  copy_plan(std::size_t pages, std::size_t pieces) { copies_.reserve(pages * pieces); }

  /// Plans that `sources[i]` of the memory `from` goes to `targets[i]` of the memory `to`.
  /// Precondition: both name as many pages, no more than the plan was made for, of equal pieces.
  std::span<const byte_copy> plan(const page_places& from, std::span<const page_id> sources,
                                  const page_places& to,
                                  std::span<const page_id> targets) noexcept {
    KVFOLIO_EXPECTS(sources.size() == targets.size() && from.pieces == to.pieces &&
                    from.piece_bytes == to.piece_bytes &&
                    sources.size() * from.pieces <= copies_.capacity());
    copies_.clear();
    const bool whole = from.whole() && to.whole();
    const auto pieces = whole ? 1 : from.pieces;
    const auto bytes = whole ? from.page_bytes() : from.piece_bytes;
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      for (std::size_t i = 0; i < sources.size(); ++i) {
        add({from.offset(sources[i], piece), to.offset(targets[i], piece), bytes});
      }
    }
    return copies_;
  }

 private:
  void add(const byte_copy& next) noexcept {
    if (!copies_.empty()) {
      auto& last = copies_.back();
      if (last.source + last.bytes == next.source && last.target + last.bytes == next.target) {
        last.bytes += next.bytes;
        return;
      }
    }
    copies_.push_back(next);
  }

  std::vector<byte_copy> copies_;
};

}  // namespace kvfolio::tier
