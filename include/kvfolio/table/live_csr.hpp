// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <kvfolio/core/result.hpp>
#include <kvfolio/table/export.hpp>
#include <kvfolio/table/live_row.hpp>

namespace kvfolio::table {

/// Buffers that are kept as `export_csr` would write them.
///
/// A row that gains or loses a page moves all rows after it, which are written again; steps in
/// which nothing moves, and the rows before the first that does, cost what they cost in a
/// `live_padded`. Nobody else may write to the buffers, and all batches are of one cache, or one
/// page table. Costs 32 bytes a row. One owner thread.
class live_csr {
 public:
  /// Keeps `out`, of at most `rows` rows, which need not hold anything yet. \throws std::bad_alloc
  /// \throws std::invalid_argument if `out` has no room for the lengths of so many rows
  live_csr(const csr_buffers& out, std::size_t rows, std::uint32_t tokens_per_page,
           std::int32_t hole = hole_id)
      : out_{out}, tokens_per_page_{tokens_per_page}, hole_{hole}, seen_(rows) {
    if (out.indptr.size() <= rows || out.last_page_len.size() < rows) {
      throw std::invalid_argument(
          "kvfolio: live compressed rows need rows + 1 places for where they begin, and rows for "
          "the lengths of their last pages");
    }
  }

  /// Makes the buffers those of `batch`. O(rows), and what changed. Returns the ids written to
  /// `indices`.
  ///
  /// Fails with `errc::buffer_too_small` if the batch has more rows, or more pages, than there is
  /// room for; then the buffers are unchanged. Precondition: fewer than 2^31 pages.
  template <class Batch>
  [[nodiscard]] result<std::size_t> update(const Batch& batch) noexcept {
    const auto extent = measure(batch);
    if (extent.rows > seen_.size() || extent.pages > out_.indices.size()) {
      return errc::buffer_too_small;
    }
    std::size_t written = 0;
    std::size_t place = 0;
    std::size_t used = 0;
    out_.indptr[0] = 0;
    for (const auto& item : batch) {
      const auto& row = detail::row_of(item);
      written += seen_[place].renew(row, out_.indices, used, hole_);
      out_.last_page_len[place] = detail::last_page_len(row, tokens_per_page_);
      used += row.page_count();
      out_.indptr[++place] = static_cast<std::int32_t>(used);
    }
    // The rows of this batch may lie where rows beyond it lay.
    for (; place < known_; ++place) seen_[place] = {};
    known_ = extent.rows;
    return written;
  }

  /// The buffers.
  [[nodiscard]] const csr_buffers& buffer() const noexcept { return out_; }

 private:
  csr_buffers out_;
  std::uint32_t tokens_per_page_;
  std::int32_t hole_;
  std::vector<live_row> seen_;  // by place in the batch
  std::size_t known_ = 0;       // rows of the last batch
};

}  // namespace kvfolio::table
