// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <kvfolio/core/result.hpp>
#include <kvfolio/table/export.hpp>
#include <kvfolio/table/live_row.hpp>

namespace kvfolio::table {

/// A buffer of `[rows, width]` ids that is kept as `export_padded` would write it.
///
/// `update` looks at each row of the batch, O(rows), and writes only the ids that the buffer has
/// not seen: rows that are new at their place in the batch, pages that were added, replaced or
/// dropped. What lies beyond the last row of a batch is left as it is. Nobody else may write to the
/// buffer, and all batches are of one cache, or one page table. Costs 40 bytes a row. One owner
/// thread.
class live_padded {
 public:
  /// Keeps `out`, of at most `rows` rows, which need not hold anything yet. \throws std::bad_alloc
  /// \throws std::invalid_argument if `out` has no room for `rows * pad.width` ids
  live_padded(std::span<std::int32_t> out, std::size_t rows, const padding& pad)
      : out_{out}, pad_{pad}, seen_(rows), used_(rows, pad.width) {
    if (rows != 0 && out.size() / rows < pad.width) {
      throw std::invalid_argument(
          "kvfolio: a live buffer needs rows * width ids; make it longer, or the rows fewer");
    }
  }

  /// Makes the first rows of the buffer those of `batch`. O(rows), and what changed. Returns the
  /// ids written, of padding too.
  ///
  /// Fails with `errc::buffer_too_small` if the batch has more rows than the buffer, or a row more
  /// pages than its width; then the buffer is unchanged.
  template <class Batch>
  [[nodiscard]] result<std::size_t> update(const Batch& batch) noexcept {
    const auto extent = measure(batch);
    if (extent.rows > seen_.size() || extent.widest > pad_.width) return errc::buffer_too_small;
    std::size_t written = 0;
    std::size_t place = 0;
    for (const auto& item : batch) {
      const auto& row = detail::row_of(item);
      const auto offset = place * pad_.width;
      written += seen_[place].renew(row, out_, offset, pad_.hole);
      const auto pages = row.page_count();
      if (const auto before = std::exchange(used_[place], pages); before > pages) {
        std::ranges::fill(out_.subspan(offset + pages, before - pages), pad_.id);
        written += before - pages;
      }
      ++place;
    }
    return written;
  }

  /// The buffer.
  [[nodiscard]] std::span<const std::int32_t> buffer() const noexcept { return out_; }

 private:
  std::span<std::int32_t> out_;
  padding pad_;
  std::vector<live_row> seen_;     // by place in the batch
  std::vector<std::size_t> used_;  // by place: where padding begins
};

}  // namespace kvfolio::table
